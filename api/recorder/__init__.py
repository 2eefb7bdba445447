"""The recorder: one process that writes the log into SQL, and looks after runs that lost their trainer."""
