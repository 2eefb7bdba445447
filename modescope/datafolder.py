"""The data folder: one `up` at a time on it, the token that is made at the first start, and its place for logs."""

import contextlib
import fcntl
import json
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

LEAST_FREE_BYTES = 256 * 2**20
"""Below this a first start (rendering a dataset, a log, checkpoints) would fail half-way; say so before it."""
PROBE_BYTES = 65_536


class UnusableDataFolder(RuntimeError):
    """The data folder cannot be used, and why."""


class InUse(RuntimeError):
    """Another server holds the data folder."""

    def __init__(self, message: str, *, by_leftovers: bool) -> None:
        super().__init__(message)
        self.by_leftovers = by_leftovers
        """Whether that server was killed and only the processes it started are still ending."""


@dataclass(frozen=True)
class Holder:
    """Who holds the lock, as they wrote it down."""

    pid: int
    url: str
    since: float


class DataFolder:
    """Paths and files that `modescope up` keeps for itself."""

    def __init__(self, path: Path) -> None:
        self.path = path.absolute()
        self.logs = self.path / "logs"
        self.redis = self.path / "redis"
        self._lock = self.path / "lock"
        self._token = self.path / "token"

    def prepare(self) -> None:
        """Make the folder, and find out now whether it can be written.

        Raises:
            UnusableDataFolder: if it cannot be made or written, or the disk is nearly full.
        """
        try:
            for folder in (self.path, self.logs, self.redis):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._probe()
            free_bytes = shutil.disk_usage(self.path).free
        except OSError as error:
            message = (
                f"cannot write the data folder {self.path}: {error.strerror}; "
                "mend that, or set MODESCOPE_DATA to a folder that can be written"
            )
            raise UnusableDataFolder(message) from error
        if free_bytes < LEAST_FREE_BYTES:
            message = (
                f"the disk of the data folder {self.path} has {free_bytes // 2**20} MiB free; at least "
                f"{LEAST_FREE_BYTES // 2**20} MiB are needed: make room, or set MODESCOPE_DATA to a folder elsewhere"
            )
            raise UnusableDataFolder(message)

    def _probe(self) -> None:
        probe = self.path / ".probe"
        try:
            with probe.open("wb") as file:
                file.write(bytes(PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            probe.unlink(missing_ok=True)

    @contextlib.contextmanager
    def locked(self, url: str) -> Iterator[int]:
        """Hold the folder; the lock is inherited by all that is started with the yielded file descriptor.

        So it lasts until the last of them has ended: a new server never meets an old one's Redis on the same files.

        Args:
            url: address of the server that will run on it, for whoever finds the folder locked.

        Yields:
            The file descriptor that carries the lock.

        Raises:
            InUse: if somebody holds it; the message says who.
        """
        descriptor = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            self._take(descriptor)
            self._write_holder(descriptor, url)
            yield descriptor
        finally:
            os.close(descriptor)

    def _take(self, descriptor: int) -> None:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = self.holder()
            by_leftovers = holder is not None and not _is_alive(holder.pid)
            raise InUse(self._in_words(holder, left=by_leftovers), by_leftovers=by_leftovers) from None

    def _write_holder(self, descriptor: int, url: str) -> None:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps({"pid": os.getpid(), "url": url, "since": time.time()}).encode(), 0)

    def _in_words(self, holder: Holder | None, *, left: bool) -> str:
        start = f"the data folder {self.path} is in use"
        if holder is None:
            return f"{start} by a server that is just starting: try again in a few seconds"
        since = time.strftime("%H:%M:%S on %Y-%m-%d", time.localtime(holder.since))
        who = f"the server at {holder.url}, process {holder.pid}, started at {since}"
        if left:
            return f"{start} by processes that {who} left behind; they should have ended by themselves: see `ps -ef`"
        return f"{start} by {who}: use it, stop it with `kill {holder.pid}`, or set MODESCOPE_DATA and MODESCOPE_PORT"

    def holder(self) -> Holder | None:
        """Who wrote themselves down last; None if nobody has."""
        try:
            return Holder(**json.loads(self._lock.read_text()))
        except (FileNotFoundError, ValueError, TypeError):
            return None

    def token(self) -> str:
        """The token kept here; made, readable by its owner only, if there is none."""
        with contextlib.suppress(FileExistsError):
            descriptor = os.open(self._token, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_urlsafe(32) + "\n")
        return self.kept_token()

    def kept_token(self) -> str:
        """The token kept here.

        Raises:
            UnusableDataFolder: if the file cannot be read or is empty.
        """
        try:
            token = self._token.read_text().strip()
        except OSError as error:
            message = f"cannot read {self._token}: {error.strerror}; start the server once, or set MODESCOPE_TOKEN"
            raise UnusableDataFolder(message) from error
        if not token:
            raise UnusableDataFolder(f"{self._token} is empty; remove it, and the next start makes a new one")
        return token


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
