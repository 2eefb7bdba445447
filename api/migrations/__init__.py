"""Versions of the tables, applied at start by `api.database`."""
