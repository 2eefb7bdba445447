"""The log as the live stream reads it: without ever blocking the event loop."""

from collections.abc import Mapping
from typing import Any

import redis.asyncio
from redis.backoff import NoBackoff
from redis.retry import Retry

from contract import names

Entry = tuple[str, Mapping[bytes, bytes]]
"""An entry's id and its fields."""
BLOCK_MS = 5_000


class LogReader:
    """Reads the log; every method raises `redis.RedisError` when the server is away."""

    def __init__(self, url: str) -> None:
        # Protocol 2: the answers have one shape on every server. No retries: whoever asks decides what to do.
        self._redis: Any = redis.asyncio.Redis.from_url(  # Any: redis-py's answers are typed for every protocol at once
            url,
            protocol=2,
            socket_connect_timeout=2,
            socket_timeout=BLOCK_MS / 1000 + 5,
            retry=Retry(NoBackoff(), 0),
        )

    async def last_id(self) -> str:
        """Id of the newest entry; "0-0" when there never was one."""
        entries = await self._redis.xrevrange(names.EVENTS, count=1)
        return entries[0][0].decode() if entries else "0-0"

    async def read(self, after: str, count: int) -> list[Entry]:
        """Entries after an id, oldest first; waits for one for a while, and may answer that there is none."""
        answer = await self._redis.xread({names.EVENTS: after}, count=count, block=BLOCK_MS)
        return _decoded(answer[0][1]) if answer else []

    async def between(self, after: str, until: str, count: int) -> list[Entry]:
        """Entries after an id up to and including another, oldest first."""
        return _decoded(await self._redis.xrange(names.EVENTS, f"({after}", until, count=count))

    async def before(self, until: str, after: str, count: int) -> list[Entry]:
        """Entries before an id and after another, both excluded, newest first."""
        return _decoded(await self._redis.xrevrange(names.EVENTS, f"({until}", f"({after}", count=count))

    async def trimmed_to(self) -> str:
        """Id of the newest entry that is no longer in the log; "0-0" when none was removed."""
        if not await self._redis.exists(names.EVENTS):
            return "0-0"
        told = await self._redis.xinfo_stream(names.EVENTS)
        newest: bytes | str = told["max-deleted-entry-id"]
        return newest.decode() if isinstance(newest, bytes) else newest

    async def close(self) -> None:
        """Close every connection."""
        await self._redis.aclose()


def _decoded(entries: list[tuple[bytes, Mapping[bytes, bytes]]]) -> list[Entry]:
    return [(entry_id.decode(), fields) for entry_id, fields in entries]
