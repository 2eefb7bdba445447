"""What took long is made once and kept: files in the cache folder that prove themselves whole.

Beside each file lies `<file>.sha256`, in the format of sha256sum. A file whose digest does not fit, or has none, is
as good as missing: it is said, and made again.
"""

import fcntl
import hashlib
import json
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from worker.datasets import DatasetUnavailable

logger = logging.getLogger(__name__)


class Cache:
    """The kept files of one dataset with one set of params: `<dataset>-<hash><suffix>`."""

    def __init__(self, folder: Path, dataset: str, identity: Mapping[str, Any]) -> None:  # Any: JSON
        """Args: a folder to write to, the dataset's name, and all that decides what is in the files, as JSON."""
        self._folder = folder
        digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
        self._stem = f"{dataset}-{digest[:16]}"

    def path(self, suffix: str) -> Path:
        """Where the file with that suffix lies, or would lie."""
        return self._folder / f"{self._stem}{suffix}"

    def read(self, suffix: str) -> bytes | None:
        """The file's content; None when it is not there, or not whole."""
        path = self.path(suffix)
        try:
            content = path.read_bytes()
            kept = path.with_name(f"{path.name}.sha256").read_text("ascii")
        except FileNotFoundError:
            return None
        if kept != _digest_line(path, content):
            logger.warning("%s is broken: its sha256 is not the one that was kept with it; made again", path)
            return None
        return content

    def write(self, suffix: str, content: bytes) -> None:
        """Keep a file: all of it or nothing, whatever happens meanwhile.

        Raises:
            DatasetUnavailable: if the folder cannot be written to.
        """
        path = self.path(suffix)
        try:
            _replace(path, content)
            _replace(path.with_name(f"{path.name}.sha256"), _digest_line(path, content).encode("ascii"))
        except OSError as error:
            _refuse(self._folder, error)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one process at a time make these files; the others wait, then find them.

        Raises:
            DatasetUnavailable: if the folder cannot be written to.
        """
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            lock = self.path(".lock").open("w")
        except OSError as error:
            _refuse(self._folder, error)
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                logger.info("%s is being prepared by another process; waiting for it", self._stem)
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _digest_line(path: Path, content: bytes) -> str:
    return f"{hashlib.sha256(content).hexdigest()}  {path.name}\n"


def _replace(path: Path, content: bytes) -> None:
    temporary = path.with_name(f"{path.name}.tmp")  # the lock keeps others from it; a crash's leftover is overwritten
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _refuse(folder: Path, error: OSError) -> NoReturn:
    raise DatasetUnavailable(
        f"cannot write to the dataset cache {folder}: {error.strerror or error}. "
        "Make room there, or name another folder in MODESCOPE_CACHE"
    ) from error
