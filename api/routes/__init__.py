"""One module a resource: a router, and functions that hand over to `api.store` and its neighbours."""
