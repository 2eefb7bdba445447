"""One module a version; their chain is in `down_revision`."""
