"""The loop and what it stands on. Knows components, tensors and steps; neither Redis nor Celery nor HTTP."""
