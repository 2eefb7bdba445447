"""All that the server says to Redis: `store` for requests and the recorder, `log_reader` for the live stream."""
