"""The hub: one task reads the log, encodes each event once, and hands the same bytes to every viewer.

A viewer has a bounded queue. One that falls behind is told to resync and let go: it joins again where it was.
"""

import asyncio
import logging
import signal
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress

from redis.exceptions import RedisError

from api.positions import BEGINNING, position_of
from api.redis_store.log_reader import Entry, LogReader
from contract.events import Envelope, from_fields

log = logging.getLogger(__name__)

QUEUE_FRAMES = 512
"""Frames that a viewer may be behind: half a minute of a lively run."""
BATCH = 256
RETRY_S = (0.1, 0.5, 1.0, 2.0)
RESYNC = b"event: resync\ndata: {}\n\n"
END = b""
"""What ends a viewer's stream in order."""


def frame(event: Envelope) -> bytes:
    """An event as a Server-Sent Event."""
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (
        (event.id or BEGINNING).encode(),
        event.kind.encode(),
        event.model_dump_json().encode(),
    )


def encode(entry_id: str, fields: Mapping[bytes, bytes]) -> tuple[str, bytes] | None:
    """The run of a log entry, and its frame; None, and a line in our log, for one that cannot be read."""
    try:
        event = from_fields(entry_id, fields)
    except (ValueError, KeyError, TypeError) as error:
        log.error("log entry %s cannot be read and is not streamed: %s", entry_id, error)  # noqa: TRY400  # one line
        return None
    return event.run, frame(event)


class Viewer:
    """One open stream's end of the hub."""

    def __init__(self, runs: Collection[str] | None, joined_at: str, after: str | None) -> None:
        self.runs = None if runs is None else frozenset(runs)
        """Whose events it gets; None: everybody's."""
        self.joined_at = joined_at
        """Every event after this id comes through the queue."""
        self.skip_until = 0 if after is None else position_of(after)
        """Position of the last event that it has already; SQL may have told it more than the hub has read."""
        self.queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE_FRAMES)

    def wanted(self, entry: Entry) -> bytes | None:
        """The frame of a log entry, if this viewer gets that run's events."""
        encoded = encode(*entry)
        return None if encoded is None or not (self.runs is None or encoded[0] in self.runs) else encoded[1]

    def offer(self, position: int, content: bytes) -> bool:
        """Put an event's frame into the queue, unless the viewer has it; False when the queue is full."""
        if position <= self.skip_until:
            return True
        try:
            self.queue.put_nowait(content)
        except asyncio.QueueFull:
            return False
        return True

    def finish(self, last: bytes) -> None:
        """Throw away what waits, and end the stream with these frames."""
        while not self.queue.empty():
            self.queue.get_nowait()
        for content in (last, END) if last else (END,):
            self.queue.put_nowait(content)


class Hub:
    """Reads the log for everybody."""

    def __init__(self, log_reader: LogReader) -> None:
        self._log = log_reader
        self._by_run: defaultdict[str, set[Viewer]] = defaultdict(set)
        self._of_all: set[Viewer] = set()
        self._viewers: set[Viewer] = set()
        self._task: asyncio.Task[None] | None = None
        self._position: str | None = None
        self._ready = asyncio.Event()
        self._stopped = False

    @property
    def n_viewers(self) -> int:
        """Streams that are open now."""
        return len(self._viewers)

    def start(self) -> None:
        """Begin to read, from now on."""
        self._task = asyncio.create_task(self._read_always(), name="hub")
        self._task.add_done_callback(_end_if_broken)

    async def stop(self) -> None:
        """End every stream in order, and stop reading."""
        self._stopped = True
        for viewer in list(self._viewers):
            self._let_go(viewer, END)
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def ready(self) -> None:
        """Wait until the hub knows where the log is."""
        await self._ready.wait()

    @contextmanager
    def viewer(self, runs: Collection[str] | None, after: str | None) -> Iterator[Viewer]:
        """A viewer of some runs (None: of all), from the hub's position on, who has seen everything up to `after`."""
        viewer = Viewer(runs, self._position or BEGINNING, after)
        self._viewers.add(viewer)
        for group in self._groups(viewer):
            group.add(viewer)
        if self._stopped:
            self._let_go(viewer, END)
        try:
            yield viewer
        finally:
            self._forget(viewer)

    async def _read_always(self) -> None:
        failures = 0
        while True:
            try:
                await self._find_place()
                failures = 0
                while True:
                    await self._read_once()
            except (RedisError, OSError) as error:
                wait_s = RETRY_S[min(failures, len(RETRY_S) - 1)]
                failures += 1
                log.warning("the log cannot be read, trying again in %s s: %s", wait_s, error)
                await asyncio.sleep(wait_s)

    async def _find_place(self) -> None:
        """At the first time: the end of the log. After Redis was away: where we were, if that is still there."""
        if self._position is None:
            self._position = await self._log.last_id()
            self._ready.set()
        else:
            await self._check_for_gap()

    async def _check_for_gap(self) -> None:
        """When entries went away unread, everybody must read the history again."""
        trimmed_to = await self._log.trimmed_to()
        if self._position is not None and position_of(trimmed_to) > position_of(self._position):
            log.warning("the hub fell behind the log: %s, %s is gone; everybody resyncs", self._position, trimmed_to)
            self._position = trimmed_to
            for viewer in list(self._viewers):
                self._let_go(viewer, RESYNC)

    async def _read_once(self) -> None:
        entries = await self._log.read(self._position or BEGINNING, BATCH)
        if len(entries) == BATCH:
            await self._check_for_gap()
        for entry in entries:
            self._deliver(entry)
        await asyncio.sleep(0)

    def _deliver(self, entry: Entry) -> None:
        """Hand an event out. Nothing awaits between this and the new position, so that nobody can join in between."""
        self._position = entry[0]
        encoded = encode(*entry) if self._viewers else None
        if encoded is None:
            return
        run, content = encoded
        position = position_of(self._position)
        for viewer in (*self._by_run.get(run, ()), *self._of_all):
            if not viewer.offer(position, content):
                self._let_go(viewer, RESYNC)

    def _groups(self, viewer: Viewer) -> list[set[Viewer]]:
        return [self._of_all] if viewer.runs is None else [self._by_run[run] for run in viewer.runs]

    def _let_go(self, viewer: Viewer, last: bytes) -> None:
        viewer.finish(last)
        self._forget(viewer)

    def _forget(self, viewer: Viewer) -> None:
        self._viewers.discard(viewer)
        for group in self._groups(viewer):
            group.discard(viewer)
        for run in viewer.runs or ():
            if not self._by_run[run]:
                del self._by_run[run]


def _end_if_broken(task: asyncio.Task[None]) -> None:
    """A server that cannot stream must not look alive: it ends, and whoever keeps it alive starts it again."""
    if not task.cancelled() and task.exception() is not None:
        log.critical("the hub broke; this server ends", exc_info=task.exception())
        signal.raise_signal(signal.SIGTERM)
