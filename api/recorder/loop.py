"""The recorder's loop: hold the lease, read, record, trim, look after the runs. Whatever is away, it tries again."""

import logging
import os
import socket
import threading
import time

from redis.exceptions import RedisError
from sqlalchemy.exc import InterfaceError, OperationalError

from api.backend import Backend
from api.positions import event_id_of
from api.recorder.pruning import Pruning
from api.recorder.reaper import Reaper
from api.recorder.recording import Overtaken, Recording
from api.recorder.rewinds import Rewinds
from api.recorder.timing import Timing
from contract.retention import Keep

log = logging.getLogger(__name__)

BATCH = 200
"""Entries a transaction: with pictures of 256 kB that is at most 50 MB at once."""
KEPT_ENTRIES = 10_000
"""Newest entries that stay in the log, recorded or not: what a viewer that reconnects is given."""
TRIM_EVERY = 1_000
"""Entries between two trims."""
RETRY_S = (0.1, 0.5, 1.0, 2.0)
AWAY = (RedisError, OperationalError, InterfaceError, OSError, Overtaken)
"""What passes: Redis or SQL away, a full disk, another recorder."""


class Recorder:
    """Writes history while it is the one that holds the lease."""

    def __init__(
        self,
        backend: Backend,
        timing: Timing | None = None,
        keep: Keep | None = None,
    ) -> None:
        self._redis = backend.redis
        self._timing = timing or Timing()
        self._recording = Recording(backend.database, backend.artefacts)
        self._reaper = Reaper(backend.database, backend.redis, backend.artefacts, backend.requeue, self._timing)
        self._rewinds = Rewinds(backend)
        self._pruning = Pruning(backend.database, keep or Keep())
        self._owner = f"{socket.gethostname()}:{os.getpid()}:{id(self)}"
        self._position: int | None = None
        self._untrimmed = TRIM_EVERY
        self._looked_at = 0.0

    def run(self, stop: threading.Event) -> None:
        """Record until told to stop."""
        failures = 0
        while not stop.is_set():
            try:
                if not self._turn():
                    stop.wait(self._timing.block_ms / 1000)
                failures = 0
            except AWAY as error:
                wait_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                log.warning("cannot record, trying again in %s s: %s: %s", wait_s, type(error).__name__, error)
                self._begin_anew()
                stop.wait(wait_s)
        self._release()

    def _begin_anew(self) -> None:
        self._position = None
        self._reaper.connection_broke()

    def _turn(self) -> bool:
        """One round; False when another recorder is at work."""
        if not self._redis.hold_recorder(self._owner, self._timing.lease_ms):
            self._begin_anew()
            return False
        if self._position is None:
            self._position = self._recording.position()
            log.info("recording from %s", event_id_of(self._position))
        entries = self._redis.read_log(event_id_of(self._position), BATCH, self._timing.block_ms)
        if entries:
            self._position = self._recording.record(self._position, entries)
            self._untrimmed += len(entries)
        self._trim()
        says_state = any(fields.get(b"kind") == b"run.status" for _, fields in entries)
        is_due = time.monotonic() - self._looked_at >= self._timing.look_s
        if len(entries) < BATCH and (is_due or says_state):
            self._looked_at = time.monotonic()
            self._reaper.look()
            self._rewinds.look()
            self._pruning.look()
        return True

    def _trim(self) -> None:
        if self._untrimmed >= TRIM_EVERY:
            self._redis.trim(event_id_of(self._position or 0), KEPT_ENTRIES)
            self._untrimmed = 0

    def _release(self) -> None:
        try:
            self._redis.release_recorder(self._owner)
        except RedisError as error:
            log.warning("the recorder's lease is left to run out: %s", error)
