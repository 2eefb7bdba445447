"""What trains: a Celery app, a supervisor, and one fresh process a run that holds the loop and torch."""
