"""The guards, measured: runs that collapse and runs that do not, over seeds nobody tuned on; `make watch-study`."""
