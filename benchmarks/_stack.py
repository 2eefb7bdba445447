"""A `modescope up` of our own: its processes, and how one of them is killed, or held for a while."""

import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil

from modescope.ports import free_port
from modescope.valkey import Access
from tests.postgres import PostgresServer

START_S = 240.0
STOP_S = 90.0
AWAY_S = 5.0
DISK_BYTES = 400 << 20
"""Of the disk that becomes full; `modescope up` does not start with less than 256 MiB."""
KINDS = ("trainer", "worker", "api", "recorder", "redis")
_ARGUMENTS = {
    "trainer": "-m worker.trainer",
    "worker": "-m worker",
    "api": "-m api",
    "recorder": "-m api.recorder",
}
"""How the command line of each ends; Redis has one of its own."""


class Stack:
    """The whole stack on a data folder, with checkpoints every two seconds."""

    def __init__(self, data: Path, cache: Path, postgres: PostgresServer | None = None) -> None:
        self.data = data
        self.postgres = postgres
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("MODESCOPE_")}
        self._environment = inherited | {
            "MODESCOPE_DATA": str(data),
            "MODESCOPE_CACHE": str(cache),
            "MODESCOPE_PORT": str(port),
            "MODESCOPE_THREADS": "1",
            "MODESCOPE_CHECKPOINT_S": "2",
        }
        if postgres is not None:
            self._environment["MODESCOPE_DATABASE_URL"] = postgres.url

    def start(self) -> None:
        """Start everything, and wait until it is ready.

        Raises:
            RuntimeError: if it ends, or is not ready in time.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self._up = subprocess.Popen(
                [sys.executable, "-m", "modescope", "up"],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        if not wait_until(lambda: "Sign in at" in self.log.read_text() or self._up.poll() is not None, START_S):
            raise RuntimeError(f"modescope up was not ready within {START_S:.0f} s; see {self.log}")
        if self._up.poll() is not None:
            raise RuntimeError(f"modescope up ended with {self._up.returncode}; see {self.log}")

    @property
    def log(self) -> Path:
        """What `up` says."""
        return self.data / "up.log"

    @property
    def redis_url(self) -> str:
        """The address of its Redis."""
        return Access(**json.loads((self.data / "redis" / "access.json").read_text())).url

    @property
    def token(self) -> str:
        """What one signs in with."""
        return (self.data / "token").read_text().strip()

    def client(self) -> httpx.Client:
        """A signed-in client; it waits no longer than a person would."""
        return httpx.Client(
            base_url=f"{self.url}/api/v1", headers={"Authorization": f"Bearer {self.token}"}, timeout=5, trust_env=False
        )

    def stop(self) -> int:
        """Ask it to stop, wait, and answer its exit status. Not by SIGINT: what runs in the background ignores that."""
        self._up.terminate()
        return self._up.wait(STOP_S)

    def end(self) -> None:
        """Leave nothing behind, whatever has happened."""
        if self._up.poll() is None:
            self._up.terminate()
            try:
                self._up.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._up.kill()
                self._up.wait()

    def kill(self, kind: str) -> None:
        """End it with SIGKILL, which nobody can prepare for.

        Raises:
            RuntimeError: if there is no such process.
        """
        self.process(kind).kill()

    def process(self, kind: str) -> psutil.Process:
        """The process of that kind that runs now.

        Raises:
            RuntimeError: if there is none.
        """
        return process_of(self._up.pid, kind)

    def hold(self, kinds: Sequence[str], seconds: float) -> None:
        """Processes hang, as they do for everybody else when their machine or the network is away."""
        held = [self.process(kind) for kind in kinds]
        for process in held:
            process.suspend()
        time.sleep(seconds)
        for process in held:
            process.resume()

    def restart_postgres(self) -> None:
        """The database's server ends at once, and comes back.

        Raises:
            RuntimeError: if the stack has no such server.
        """
        if self.postgres is None:
            raise RuntimeError("this stack has a SQLite file")
        self.postgres.stop()
        time.sleep(AWAY_S)
        self.postgres.start()

    def fill_disk(self, seconds: float) -> None:
        """Nothing more can be written where the data are; what others free meanwhile is taken too."""
        filling = self.data / "filling"
        deadline = time.monotonic() + seconds
        with filling.open("wb", buffering=0) as file:
            while time.monotonic() < deadline:
                with suppress(OSError):
                    while time.monotonic() < deadline:
                        file.write(bytes(1 << 12))
                time.sleep(0.1)
        filling.unlink()

    def cut_checkpoint(self, run: str) -> int:
        """The trainer dies, and of its newest checkpoint only the first half is there; answers that one's step."""
        self.kill("trainer")
        newest = max((self.data / "artefacts" / "runs" / run).rglob("*.safetensors"), key=lambda file: file.name)
        os.truncate(newest, newest.stat().st_size // 2)
        return int(newest.name.partition("-")[0])

    def lock_sql(self, seconds: float) -> None:
        """Somebody else writes to the database, and does not end."""
        connection = sqlite3.connect(self.data / "modescope.db", isolation_level=None, timeout=30)
        connection.execute("BEGIN IMMEDIATE")
        time.sleep(seconds)
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def running(cache: Path, prepare: Callable[[Path], None] = lambda data: None) -> Iterator[Stack]:
    """A stack on a data folder of its own, which may be prepared; ended at the end."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        prepare(data)
        stack = Stack(data, cache)
        try:
            stack.start()
            yield stack
        finally:
            stack.end()


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """A disk of its own at that folder, in memory; only root may do that."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES}", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


def may_mount() -> bool:
    """Whether there can be a disk of our own here."""
    return sys.platform == "linux" and os.geteuid() == 0


def process_of(up: int, kind: str) -> psutil.Process:
    """The process of that kind that runs now under a `modescope up`, whose process id is given.

    Raises:
        RuntimeError: if there is none.
    """
    for process in psutil.Process(up).children(recursive=True):
        try:
            words = process.cmdline()
        except psutil.Error:  # it has just ended
            continue
        if "modescope.leash" not in words and _is(kind, words):
            return process
    raise RuntimeError(f"there is no {kind} now")


def wait_until(condition: Callable[[], object], within_s: float, *, every_s: float = 0.05) -> bool:
    """Whether a condition came to hold in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline:
            return False
        threading.Event().wait(every_s)
    return True


def _is(kind: str, words: list[str]) -> bool:
    if kind == "redis":
        return bool(words) and Path(words[0]).name.startswith("valkey-server")
    return " ".join(words[1:3]) == _ARGUMENTS[kind]
