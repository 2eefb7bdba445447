"""The way of one writer's events into the log: in order, once, whatever happens to Redis in the meantime.

It never waits for Redis longer than about a second. While Redis is away, or the log is full, events wait in a
spool on disk. When the spool takes no more either, measurements are given up and counted in the log; everything
else (states, the ledger, checkpoints, alarms) is kept in memory. Training goes on in every case.

A Redis that comes back without its last second answers "gap"; what was delivered a moment ago is sent again.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from contract.events import Envelope, Log
from worker.spool import SUFFIX, Spool, SpoolInUse
from worker.store import Item, Store, StoreAway

MOST_SPOOL_BYTES = 1 << 30
WINDOW_BYTES = 16 << 20
WINDOW_S = 60.0
"""Delivered events kept for a Redis that forgets, up to so many bytes and so old: appendfsync everysec loses a second
or two, with pictures ~1 MB. Bytes alone were no bound: 16 MiB of JSON are some 100 MiB of Python (0.4 kB a step)."""
BATCH = 200
BATCH_BYTES = 2 << 20
"""Sent in one round trip when replaying."""
REPLAY_S = 0.5
"""Time for replaying in one call."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.1, 2.0
"""How long to leave Redis alone after a failure: a hung server costs a second a try."""
MEASUREMENTS = frozenset({"scalars", "grid", "points", "spectrum", "eigenvalues", "density"})
"""What may be given up when there is no place left."""

_log = logging.getLogger(__name__)


class Fenced(RuntimeError):
    """A higher attempt is in force: this writer must end, and nothing of it is wanted any more."""


class Outbox:
    """Delivers the events of one (run, attempt, source). Safe to share between threads."""

    def __init__(self, store: Store, spool_path: Path, *, most_spool_bytes: int = MOST_SPOOL_BYTES) -> None:
        """An outbox; what an earlier process left in the spool goes first.

        Args:
            store: where the log is.
            spool_path: the file for bad times, see `spool.spool_path`.
            most_spool_bytes: bound of that file.

        Raises:
            SpoolInUse: if another process has that file open.
        """
        self.given_up = 0
        """Measurements that could not be kept."""
        self._store = store
        self._spool = Spool(spool_path, most_bytes=most_spool_bytes)
        self._overflow: list[Item] = []
        self._hole: Envelope | None = None
        self._hole_began = 0
        self._window: deque[tuple[Item, int, float]] = deque()
        self._window_bytes = 0
        self._last_seq: int | None = None
        self._pause_s = FIRST_PAUSE_S
        self._retry_at = 0.0
        self._away = False
        self._lock = threading.Lock()

    def __call__(self, items: Sequence[Item]) -> None:
        """Take events, numbered without a gap; an empty sequence only gives waiting ones a chance.

        Raises:
            Fenced: if a higher attempt is in force.
            ValueError: if a number is missing or comes twice: then nothing is taken.
        """
        with self._lock:
            self._check_numbers(items)
            if self._waiting:
                self._keep(items)
            else:
                self._keep(items[self._deliver(items) :])
            self._replay(time.monotonic() + REPLAY_S)

    def flush(self, deadline_s: float) -> bool:
        """Try until everything is delivered or the time is over; whether it is.

        Raises:
            Fenced: if a higher attempt is in force.
        """
        deadline = time.monotonic() + deadline_s
        while True:
            with self._lock:
                self._retry_at = 0.0
                self._replay(deadline)
                if not self._waiting:
                    return True
            if time.monotonic() > deadline:
                return False
            time.sleep(FIRST_PAUSE_S)

    def close(self) -> None:
        """Let go of the spool; it stays on disk, for the machine's next supervisor, when something waits in it."""
        with self._lock:
            if self._overflow:
                _log.error("%d events are lost: neither Redis nor %s took them", len(self._overflow), self._spool.path)
            self._spool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def _waiting(self) -> bool:
        return bool(self._overflow) or not self._spool.empty

    def _check_numbers(self, items: Sequence[Item]) -> None:
        expected = self._last_seq
        for event, _ in items:
            if event.seq < 1 or (expected is not None and event.seq != expected + 1):
                raise ValueError(f"event number {event.seq} after {expected}: an outbox needs them gapless, from 1")
            expected = event.seq
        self._last_seq = expected

    def _replay(self, deadline: float) -> None:
        """Send what waits, oldest first, until it is done, Redis is away, or the time is over."""
        while self._waiting and time.monotonic() >= self._retry_at and time.monotonic() < deadline:
            ahead = self._spool.peek(BATCH, BATCH_BYTES)
            batch = [item for item, _ in ahead] or self._overflow[:BATCH]
            n_delivered = self._deliver(batch)
            if not ahead:
                del self._overflow[:n_delivered]
            elif n_delivered:
                self._spool.advance(ahead[n_delivered - 1][1])
        if self._away and not self._waiting:
            self._away = False
            _log.warning("Redis is back: every event that waited in %s is delivered", self._spool.path)

    def _deliver(self, items: Sequence[Item]) -> int:
        """Send events; how many of them, from the first on, are in the log now.

        Raises:
            Fenced: if a higher attempt is in force.
        """
        if not items:
            return 0
        try:
            return self._send(items)
        except StoreAway as away:
            self._rest(str(away))
            return 0

    def _send(self, items: Sequence[Item]) -> int:
        for n_delivered, (item, answer) in enumerate(zip(items, self._store.append_many(items), strict=True)):
            if answer.status == "fenced":
                self._spool.discard()
                self._overflow.clear()
                raise Fenced(f"attempt {item[0].attempt} of run {item[0].run} is over: {answer.seq} is in force")
            if answer.status == "full":
                self._rest("the log is full: the recorder is behind")
                return n_delivered
            if answer.status == "gap":
                self._fill_gap(item[0], answer.seq)
                return n_delivered
            self._remember(item)
        self._pause_s = FIRST_PAUSE_S
        return len(items)

    def _fill_gap(self, event: Envelope, last: int) -> None:
        """Send again what the server has forgotten; numbers that nobody has any more are skipped, and said."""
        missing = [item for item, _, _ in self._window if last < item[0].seq < event.seq]
        first = missing[0][0].seq if missing else event.seq
        if first > last + 1:
            _log.error("events %d to %d of run %s (%s) are gone", last + 1, first - 1, event.run, event.source)
            self._store.skip(event.run, event.attempt, event.source, first - 1)
        if missing:
            _log.warning("Redis forgot events %d to %d of run %s: sent again", first, event.seq - 1, event.run)
            if any(answer.status == "full" for answer in self._store.append_many(missing)):
                self._rest("the log is full: the recorder is behind")

    def _remember(self, item: Item) -> None:
        n_bytes, now = len(item[1] or b"") + len(item[0].model_dump_json()), time.monotonic()
        self._window.append((item, n_bytes, now))
        self._window_bytes += n_bytes
        while self._window and (self._window_bytes > WINDOW_BYTES or self._window[0][2] < now - WINDOW_S):
            self._window_bytes -= self._window.popleft()[1]

    def _rest(self, reason: str) -> None:
        """Leave Redis alone for a while."""
        if not self._away:
            _log.warning("%s; events wait in %s", reason, self._spool.path)
        self._away = True
        self._retry_at = time.monotonic() + self._pause_s
        self._pause_s = min(self._pause_s * 2, LONGEST_PAUSE_S)

    def _keep(self, items: Sequence[Item]) -> None:
        """Let events wait: on disk, and when it takes no more, in memory."""
        n_kept = 0 if self._overflow else self._spool.append(items)
        for item in items[n_kept:]:
            self._keep_in_memory(item)

    def _keep_in_memory(self, item: Item) -> None:
        """Keep an event, or, in the place of any number of measurements in a row, one event that says so."""
        event = item[0]
        if event.kind not in MEASUREMENTS:
            self._overflow.append(item)
            return
        self.given_up += 1
        if self._overflow and self._overflow[-1][0] is self._hole:
            self._overflow.pop()
        else:
            self._hole_began = event.seq
        self._hole = self._confession(event)
        self._overflow.append((self._hole, None))

    def _confession(self, last: Envelope) -> Envelope:
        n_lost = last.seq - self._hole_began + 1
        message = (
            f"{n_lost} events with measurements up to step {last.step} were given up: Redis was away or full, and the "
            f"spool {self._spool.path.name} took no more. Free the disk or raise MODESCOPE_SPOOL_BYTES."
        )
        body = Log(level="error", message=message).model_dump(mode="json")
        return last.model_copy(update={"kind": Log.kind, "body": body, "blob": None})


def replay_leftovers(store: Store, folder: Path, deadline_s: float, pattern: str = f"*{SUFFIX}") -> None:
    """Deliver what processes that are no more have left in a folder of spools; what another one has open is its own.

    Args:
        store: where the log is.
        folder: all spools of this machine.
        deadline_s: time for each file.
        pattern: which files.
    """
    # "run-1.spool" before "run-1-supervisor.spool": what a trainer has left comes before the word that it has ended.
    for path in sorted(folder.glob(pattern), reverse=True):
        try:
            with Outbox(store, path) as outbox:
                if not outbox.flush(deadline_s):
                    return
        except (SpoolInUse, FileNotFoundError):
            continue
        except Fenced as fenced:
            _log.info("leftover spool %s dropped: %s", path.name, fenced)
        except ValueError:
            _log.exception("spool %s cannot be read; kept as %s.unreadable", path, path.name)
            path.rename(path.with_name(f"{path.name}.unreadable"))
