"""Questions to SQL, one module a thing: each function takes a session and answers with a contract model or a row."""
