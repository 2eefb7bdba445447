"""Recipes over seeds: what collapses, what cures, with standard errors; `make results` writes docs/results.md."""
