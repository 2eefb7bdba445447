"""Real processes killed at random moments, and whether anything was lost: `make soak`."""
