"""Deletes, once an hour, what ended runs have kept for as long as the settings say."""

import logging
import time

from api.database import Database
from api.retention import prune
from contract.retention import Keep, Prunable

log = logging.getLogger(__name__)
EVERY_S = 3600.0


class Pruning:
    """By the settings in force; without any it does nothing."""

    def __init__(self, database: Database, keep: Keep) -> None:
        self._database = database
        self._keep = keep
        self._looked_at: float | None = None

    def look(self) -> None:
        """Prune if it is time."""
        now = time.monotonic()
        is_due = self._looked_at is None or now - self._looked_at >= EVERY_S
        if not is_due or self._keep == Keep():
            return
        self._looked_at = now
        pruned = prune(self._database, self._keep)
        if pruned != Prunable():
            log.info("deleted of ended runs, as the settings say: %s", pruned)
