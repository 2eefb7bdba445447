"""The command `modescope` and the Python client. It imports contract only; it starts the other processes, by name."""
