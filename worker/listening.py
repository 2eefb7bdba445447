"""Whether Celery still takes messages.

After some lost connections it stays connected and takes nothing (celery/celery#8030, #10205, open for years). A new
process does, so a worker that has been idle beside waiting work for long enough ends and is started again.
"""

PATIENCE_BEATS = 30
"""A minute of heartbeats; reconnecting alone can take Celery half of that."""


class Listening:
    """Watches, beat by beat, whether waiting work is taken."""

    def __init__(self, patience_beats: int = PATIENCE_BEATS) -> None:
        self._patience_beats = patience_beats
        self._deaf_beats = 0
        self._heard = False

    def heard(self) -> None:
        """A message came."""
        self._heard = True

    def is_deaf(self, *, n_waiting: int, n_in_use: int) -> bool:
        """Called once a beat.

        Args:
            n_waiting: messages in the queue.
            n_in_use: slots in which something trains.

        Returns:
            Whether work has waited all the time while every slot was free and no message came.
        """
        deaf_now = n_waiting > 0 and n_in_use == 0 and not self._heard
        self._heard = False
        self._deaf_beats = self._deaf_beats + 1 if deaf_now else 0
        return self._deaf_beats >= self._patience_beats
