"""Many viewers of one run in one process, over plain sockets: what they cost must not hide what the server costs."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from benchmarks._stack import Stack

JOIN_S = 60.0


class Audience:
    """Streams of a run's events; each counts the scalars that came, and some read when they were sent."""

    def __init__(self, stack: Stack, run: str, n: int, listeners: int) -> None:
        self._port = int(stack.url.rsplit(":", 1)[1])
        self._head = (
            f"GET /api/v1/events?runs={run} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Authorization: Bearer {stack.token}\r\n\r\n"
        )
        self._listeners = listeners
        self.counts = [0] * n
        self.late_ms: list[float] = []
        self.joined = 0

    @asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """All of them, from when the last has joined to the end of the context."""
        tasks = [asyncio.create_task(self._watch(number)) for number in range(len(self.counts))]
        deadline = time.monotonic() + JOIN_S
        while self.joined < len(self.counts) and time.monotonic() < deadline:  # noqa: ASYNC110  # each task moves it
            await asyncio.sleep(0.1)
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with suppress(asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                    await task

    async def _watch(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)
        writer.write(self._head.encode())
        await reader.readuntil(b"\r\n\r\n")
        self.joined += 1
        rest = b""
        try:
            while chunk := await reader.read(1 << 16):
                *frames, rest = (rest + chunk).split(b"\n\n")
                self._take(number, [frame for frame in frames if b"event: scalars" in frame])
        finally:
            writer.close()

    def _take(self, number: int, frames: list[bytes]) -> None:
        self.counts[number] += len(frames)
        if number >= self._listeners:
            return
        now = time.time()
        for frame in frames:
            content = frame[frame.index(b"data: ") + 6 :].split(b"\n", 1)[0]
            self.late_ms.append((now - json.loads(content)["time"]) * 1000)
