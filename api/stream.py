"""Joining the live stream without a gap and without a double.

The order decides: subscribe to the hub; read the log after the viewer's cursor up to the hub's position at that
moment; then read from SQL what lies before the first entry got. The recorder trims only what SQL has, so whatever
the log no longer gave is there.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy.exc import OperationalError

from api.database import Database
from api.hub import END, RESYNC, Hub, Viewer, frame
from api.positions import event_id_of, position_of
from api.redis_store.log_reader import LogReader
from api.store import events
from api.store.state import cursor

log = logging.getLogger(__name__)

PING_S = 15.0
PING = b": ping\n\n"
HELLO = b": this stream is live\n\n"
RESET = b"id: %s\nevent: reset\ndata: {}\n\n"
READY_WITHIN_S = 5.0
MOST_REPLAYED = 5_000
"""Events that a viewer may have missed; beyond it reading the history anew is cheaper."""
BATCH = 500


@dataclass(frozen=True)
class Joining:
    """Opens streams."""

    hub: Hub
    log: LogReader
    database: Database
    ping_s: float = PING_S

    async def frames(self, runs: Collection[str] | None, after: str | None) -> AsyncIterator[bytes]:
        """The stream of one viewer, until it goes or the server stops.

        Args:
            runs: whose events; None: everybody's.
            after: the last event that it has; None: from now on.

        Yields:
            One or more whole frames.
        """
        yield HELLO
        try:
            await asyncio.wait_for(self.hub.ready(), READY_WITHIN_S)
            with self.hub.viewer(runs, after) as viewer:
                if after is not None:
                    async for content in self._missed(viewer, after):
                        yield content
                async for content in self._live(viewer):
                    yield content
        except (RedisError, OperationalError, OSError, TimeoutError) as error:
            log.warning("a viewer could not join: %s", error)
            yield RESYNC

    async def _live(self, viewer: Viewer) -> AsyncIterator[bytes]:
        while True:
            try:
                async with asyncio.timeout(self.ping_s):
                    contents = [await viewer.queue.get()]
            except TimeoutError:
                yield PING
                continue
            while not viewer.queue.empty():
                contents.append(viewer.queue.get_nowait())
            if contents[-1] == END:
                yield b"".join(contents)
                return
            yield b"".join(contents)

    async def _missed(self, viewer: Viewer, after: str) -> AsyncIterator[bytes]:
        """What happened between a cursor and the moment of joining; or a reset, and what SQL does not have yet."""
        newest, first_in_log = await self._from_log(viewer, after)
        older = None
        if len(newest) <= MOST_REPLAYED and not await self._is_from_nowhere(viewer, after):
            older = await asyncio.to_thread(self._from_sql, viewer, after, first_in_log, MOST_REPLAYED - len(newest))
        if older is None:
            cursor = await asyncio.to_thread(self._recorded_until)
            yield RESET % cursor.encode()
            viewer.skip_until = position_of(cursor)
            async for content in self._forward(viewer, cursor):
                yield content
            return
        for content in (*older, *newest):
            yield content

    async def _from_log(self, viewer: Viewer, after: str) -> tuple[list[bytes], int]:
        """Frames that the log has after a cursor, and the position where the log begins.

        Read from the newest back: if the recorder trims meanwhile, only the oldest end is missing, which SQL has.
        """
        found: list[bytes] = []
        first = position_of(viewer.joined_at) + 1
        while len(found) <= MOST_REPLAYED:
            entries = await self.log.before(event_id_of(first), after, BATCH)
            found += [content for entry in entries if (content := viewer.wanted(entry)) is not None]
            first = position_of(entries[-1][0]) if entries else first
            if len(entries) < BATCH:
                break
        return found[::-1], first

    async def _forward(self, viewer: Viewer, after: str) -> AsyncIterator[bytes]:
        """Frames that the log has after a cursor, oldest first, however many."""
        while entries := await self.log.between(after, viewer.joined_at, BATCH):
            if position_of(await self.log.trimmed_to()) > position_of(after):
                yield RESYNC
                return
            for entry in entries:
                if (content := viewer.wanted(entry)) is not None:
                    yield content
            after = entries[-1][0]

    async def _is_from_nowhere(self, viewer: Viewer, after: str) -> bool:
        """Whether the cursor lies beyond everything that ever happened here."""
        if position_of(after) <= position_of(viewer.joined_at):
            return False
        newest = max(position_of(await self.log.last_id()), position_of(await asyncio.to_thread(self._recorded_until)))
        return position_of(after) > newest

    def _from_sql(self, viewer: Viewer, after: str, before: int, most: int) -> list[bytes] | None:
        """Frames that only SQL has any more; None when they are too many."""
        with self.database.read() as session:
            found = events.between(session, viewer.runs, position_of(after), before, most + 1)
        return None if len(found) > most else [frame(event) for event in found]

    def _recorded_until(self) -> str:
        with self.database.read() as session:
            return cursor(session)
