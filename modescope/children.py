"""Keeping processes alive: each on a leash, started again when it dies, given up loudly when it dies at once again."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from modescope import leash

FAST_S = 20.0
"""A process that lived less than this has died "at once": nothing that works ends so soon."""
MOST_FAST_DEATHS = 4
BACKOFF_S = (0.25, 1.0, 2.0)
TAIL_LINES = 15

Say = Callable[[str], None]


@dataclass(frozen=True)
class Service:
    """A process of the stack: what runs, and how long it may take to end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    grace_s: float = 10.0
    """Seconds between SIGTERM and SIGKILL."""


class GaveUp(RuntimeError):
    """A process cannot be kept alive; the message has its last words."""


class Child:
    """One running process of a service."""

    def __init__(self, service: Service, log: Path, process: asyncio.subprocess.Process, pid: int | None) -> None:
        self.service = service
        self.log = log
        self.pid = pid
        """Process id of the service itself; None when it could not be started."""
        self._leash = process

    @classmethod
    async def start(cls, service: Service, log: Path, lock: int) -> "Child":
        """Start the service on a leash that also holds the lock on the data folder."""
        arguments = ["--log", str(log), "--grace-s", str(service.grace_s), "--keep-fd", str(lock), "--"]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "modescope.leash", *arguments, *service.command),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            start_new_session=True,
            pass_fds=(lock,),
            env=service.environment,
        )
        line = await process.stdout.readline() if process.stdout else b""
        return cls(service, log, process, int(line) if line else None)

    async def wait(self) -> int:
        """The exit status, as a shell has it. A leash that was killed leaves nothing behind."""
        code = await self._leash.wait()
        if code < 0 and self.pid is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        return code if code >= 0 else 128 - code

    def end(self) -> None:
        """Ask it to end: SIGTERM, and SIGKILL after its grace."""
        if self._leash.stdin is not None:
            self._leash.stdin.close()

    def kill(self) -> None:
        """SIGKILL at once to it and to all that it started."""
        if self._leash.stdin is not None and not self._leash.stdin.is_closing():
            self._leash.stdin.write(leash.KILL)
        elif self._leash.returncode is None:
            self._leash.kill()


class Keeper:
    """Keeps one service running until it is told to stop."""

    def __init__(self, service: Service, logs: Path, lock: int, say: Say) -> None:
        self.service = service
        self.log = logs / f"{service.name}.log"
        self.child: Child | None = None
        self._lock = lock
        self._say = say
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()

    async def keep(self) -> None:
        """Run the service again and again.

        Raises:
            GaveUp: after several deaths in a row that came at once.
        """
        fast_deaths = 0
        try:
            while not self._stopping.is_set():
                started = time.monotonic()
                status = await self._run_once()
                if self._stopping.is_set():
                    return
                fast_deaths = fast_deaths + 1 if time.monotonic() - started < FAST_S else 0
                await self._after_death(status, fast_deaths)
        finally:
            self._ended.set()

    async def run_to_end(self) -> None:
        """Run a service that ends by itself.

        Raises:
            GaveUp: if its exit status is not 0.
        """
        try:
            status = await self._run_once()
        finally:
            self._ended.set()
        if status != 0 and not self._stopping.is_set():
            raise GaveUp(self._last_words(status))

    async def _run_once(self) -> int:
        self.child = await Child.start(self.service, self.log, self._lock)
        if self._stopping.is_set():
            self.child.end()
        return await self.child.wait()

    async def _after_death(self, status: int, fast_deaths: int) -> None:
        if fast_deaths >= MOST_FAST_DEATHS:
            raise GaveUp(f"gave up after {fast_deaths} starts: {self._last_words(status)}")
        self._say(f"{self.service.name} ended ({in_words(status)}); starting it again. Its log: {self.log}")
        backoff_s = BACKOFF_S[min(fast_deaths, len(BACKOFF_S) - 1)]
        with suppress(TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), backoff_s)

    def _last_words(self, status: int) -> str:
        words = "\n".join(f"  | {line}" for line in tail(self.log))
        return f"{self.service.name} ended ({in_words(status)}). The end of {self.log}:\n{words}"

    async def stop(self) -> None:
        """End the service and wait for it, at most its grace and a little more."""
        self._stopping.set()
        if self.child is not None:
            self.child.end()
        try:
            await asyncio.wait_for(self._ended.wait(), self.service.grace_s + 5)
        except TimeoutError:
            self.kill()
            await self._ended.wait()

    def kill(self) -> None:
        """End the service at once."""
        self._stopping.set()
        if self.child is not None:
            self.child.kill()


def in_words(status: int) -> str:
    """An exit status for a person.

    >>> in_words(137)
    'killed by SIGKILL; running out of memory is the usual cause'
    """
    if status <= 128:
        return f"exit status {status}"
    name = signal.Signals(status - 128).name
    return f"killed by {name}" + ("; running out of memory is the usual cause" if name == "SIGKILL" else "")


def tail(log: Path, lines: int = TAIL_LINES) -> list[str]:
    """The last lines of a log, without the leash's own."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 16_384))
        text = file.read().decode(errors="replace")
    return [line for line in text.splitlines() if not line.startswith("--- ")][-lines:]
