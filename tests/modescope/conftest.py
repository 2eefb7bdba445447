"""`up` as a real process with real Redis and stand-ins for the other services."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from modescope import connection
from modescope.client import Client
from modescope.ports import free_port
from tests.modescope.scripted import Server

REPOSITORY = Path(__file__).parents[2]
STANDINS = Path(__file__).with_name("standins.py")


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # the latter where it ends between opening and reading
        return False


class Up:
    """One `up` with stand-ins, in a folder."""

    def __init__(self, folder: Path, *, output: int | None = None, **environment: str) -> None:
        self.folder = folder
        self.port = int(environment.get("MODESCOPE_PORT", free_port()))
        self.output = folder / f"output-{time.monotonic_ns()}"
        ours = {key: value for key, value in os.environ.items() if not key.startswith("MODESCOPE_")}
        self.settings = {"MODESCOPE_DATA": str(folder / "data"), "MODESCOPE_PORT": str(self.port), **environment}
        descriptor = os.open(self.output, os.O_WRONLY | os.O_CREAT) if output is None else output
        self.process = subprocess.Popen(
            [sys.executable, str(STANDINS), "up", str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=descriptor,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**ours, "PYTHONPATH": str(REPOSITORY), **self.settings},
        )
        os.close(descriptor)

    def wait_ready(self) -> "Up":
        self._until(lambda: "Sign in at" in self.text and self.all_pids())
        return self

    def _until(self, condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + 30
        while not condition():
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.02)

    def another(self) -> "Up":
        """A second one on the same data folder."""
        return Up(self.folder)

    def wait(self, within_s: float = 30.0) -> int:
        return self.process.wait(within_s)

    @property
    def text(self) -> str:
        return self.output.read_text()

    @property
    def token(self) -> str:
        found = re.search(r"#token=(\S+)", self.text)
        assert found is not None, self.text
        return found[1]

    def story(self) -> list[list[str]]:
        file = self.folder / "story"
        return [line.split() for line in file.read_text().splitlines()] if file.exists() else []

    def starts(self, name: str) -> list[int]:
        """Process ids of a service's starts, in order."""
        return [int(words[2]) for words in self.story() if words[:2] == [name, "start"]]

    def all_pids(self) -> list[int]:
        """Process ids of the services that run now; empty while one of them has not told its own yet."""
        ours = "MODESCOPE_REDIS_URL" not in self.settings
        found = [self.starts(name) for name in ("recorder", "api", "worker")]
        found = [self.redis_starts(), *found] if ours else found
        return [pids[-1] for pids in found] if all(found) else []

    def alive(self) -> list[int]:
        """Those of them that are alive."""
        return [pid for pid in self.all_pids() if is_alive(pid)]

    def left_behind(self) -> list[int]:
        """Everything that it ever started and that is still alive."""
        told = [int(words[2]) for words in self.story() if words[1] == "start"]
        assert told, "nothing was started: then nothing can be left behind"
        return [pid for pid in [*told, *self.redis_starts()] if is_alive(pid)]

    def redis_starts(self) -> list[int]:
        log = self.folder / "data/logs/redis.log"
        text = log.read_text() if log.exists() else ""
        return [int(pid) for pid in re.findall(r"^(\d+):M .*Ready to accept", text, re.MULTILINE)]

    def redis_pid(self) -> int:
        return self.redis_starts()[-1]


def _end(up: Up) -> None:
    if up.process.poll() is None:
        up.process.send_signal(signal.SIGTERM)
        up.process.wait(60)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start `up` in the test's own folder; whatever still runs at the end is stopped."""
    started: list[Up] = []

    def _start(**options: Any) -> Up:
        started.append(Up(tmp_path, **options))
        return started[-1]

    yield _start
    for up in started:
        _end(up)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    """One `up` for all tests of a module that leave it running."""
    up = Up(tmp_path_factory.mktemp("up"))
    yield up.wait_ready()
    _end(up)


@pytest.fixture
def client_of(monkeypatch):
    """`client_of(answer, …)`: a client and the scripted server that gives it these answers in turn."""
    monkeypatch.setattr(connection, "RECONNECT_S", 0.0)
    made: list[Client] = []

    def make(*answers: object, **options: str) -> tuple[Client, Server]:
        server = Server(*answers)
        made.append(Client("http://host:1/", "secret", transport=httpx.MockTransport(server), **options))
        return made[-1], server

    yield make
    for client in made:
        client.close()
