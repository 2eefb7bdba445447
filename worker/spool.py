"""A file in which events wait while Redis is away: kept in order, read in order, bounded in size.

A frame an event: its length, its blob's length, a checksum, the event as JSON, the blob. Nothing is synced to the
disk: what was written survives the end of the process, and a machine that loses power loses the training anyway.
A frame cut short by that is found by its checksum; the file ends before it.

The file is locked while somebody has it open, so that of several workers on a machine one replays what was left.
"""

import fcntl
import logging
import os
import re
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from contract.events import Envelope, Source
from worker.store import Item

_HEAD = struct.Struct(">IiI")
"""Bytes of the event, bytes of the blob (-1: none), CRC-32 of both."""
SUFFIX = ".spool"

_log = logging.getLogger(__name__)


class SpoolInUse(RuntimeError):
    """Another process has this file open."""


def spool_path(folder: Path, run: str, attempt: int, source: Source) -> Path:
    """Where the events of one writer wait.

    Raises:
        ValueError: if the run's id could be anything but a file's name.
    """
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", run):
        raise ValueError(f"run id {run!r} must be 1 to 64 letters, digits, - or _")
    writer = "" if source == "trainer" else f"-{source}"
    return folder / f"{run}-{attempt}{writer}{SUFFIX}"


class Spool:
    """Events of one writer, oldest first. Made on disk when the first one must wait."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        """A spool at that path; what an earlier process left there is taken up.

        Args:
            path: its file; the folder is made when needed.
            most_bytes: it takes no more once it is this large.

        Raises:
            SpoolInUse: if another process has it open.
        """
        self.path = path
        self._most_bytes = most_bytes
        self._file: int | None = None
        self._head = 0
        self._size = 0
        if path.exists():
            self._open(fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return self._head == self._size

    def append(self, items: Sequence[Item]) -> int:
        """Keep events; fewer than given when the bound or the disk does not allow more.

        Returns:
            How many were kept, from the first on.
        """
        for kept, item in enumerate(items):
            frame = _pack(item)
            if self._size + len(frame) > self._most_bytes:
                _log.error("spool %s holds %d bytes, its bound is %d", self.path, self._size, self._most_bytes)
                return kept
            if not self._write(frame):
                return kept
        return len(items)

    def peek(self, most: int, most_bytes: int) -> list[tuple[Item, int]]:
        """The next events, each with the position after it, for `advance`; one at least, if there is any.

        Raises:
            ValueError: if the file holds what this build cannot read.
        """
        found: list[tuple[Item, int]] = []
        position = self._head
        while position < self._size and len(found) < most and position - self._head < most_bytes:
            frame = self._frame(position)
            if frame is None:
                raise ValueError(f"spool {self.path} is damaged at byte {position}")
            position = frame.end
            found.append((frame.item(), position))
        return found

    def advance(self, position: int) -> None:
        """Forget everything before that position; an empty file starts again at its beginning."""
        self._head = position
        if self.empty and self._file is not None:
            os.ftruncate(self._file, 0)
            self._head = self._size = 0

    def discard(self) -> None:
        """Forget everything."""
        self._head = self._size
        self.close()

    def close(self) -> None:
        """Give the file back; without waiting events it is removed."""
        if self._file is not None:
            if self.empty:
                self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None

    def _open(self, lock: int) -> None:
        """Open and lock the file.

        Raises:
            SpoolInUse: if another process has it open and `lock` says not to wait.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        while self._file is None:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(file, lock)
            except BlockingIOError as taken:
                os.close(file)
                raise SpoolInUse(f"spool {self.path} is open in another process") from taken
            if self.path.exists() and self.path.stat().st_ino == os.fstat(file).st_ino:
                self._file = file
            else:  # somebody replayed and removed it between our open and our lock
                os.close(file)
        self._size = self._sound_bytes(os.fstat(self._file).st_size)

    def _sound_bytes(self, size: int) -> int:
        """Where the last whole frame of the file ends; what follows was cut short and is dropped."""
        self._size, position = size, 0
        while (frame := self._frame(position)) is not None:
            position = frame.end
        if position < size and self._file is not None:
            _log.warning("spool %s was cut short: %d of %d bytes are whole", self.path, position, size)
            os.ftruncate(self._file, position)
        return position

    def _write(self, frame: bytes) -> bool:
        try:
            if self._file is None:
                self._open(fcntl.LOCK_EX)
            written = self._write_at_end(frame)
        except OSError as error:
            _log.error("spool %s takes no more events: %s", self.path, error)
            written = 0
        if written < len(frame):
            if self._file is not None:
                os.ftruncate(self._file, self._size)
            return False
        self._size += len(frame)
        return True

    def _write_at_end(self, frame: bytes) -> int:
        return os.pwrite(self._file, frame, self._size) if self._file is not None else 0

    def _frame(self, position: int) -> "_Frame | None":
        """What stands at a position; None when it is no whole frame."""
        if self._file is None or position + _HEAD.size > self._size:
            return None
        n_event, n_blob, checksum = _HEAD.unpack(os.pread(self._file, _HEAD.size, position))
        begin = position + _HEAD.size
        end = begin + n_event + max(n_blob, 0)
        if n_event == 0 or n_blob < -1 or end > self._size:  # a lost machine can leave zeros
            return None
        payload = os.pread(self._file, end - begin, begin)
        return _Frame(payload, n_event, n_blob >= 0, end) if zlib.crc32(payload) == checksum else None


class _Frame(NamedTuple):
    payload: bytes
    n_event: int
    has_blob: bool
    end: int

    def item(self) -> Item:
        """The event and its blob.

        Raises:
            ValueError: if this build does not know such an event.
        """
        event = Envelope.model_validate_json(self.payload[: self.n_event])
        return event, self.payload[self.n_event :] if self.has_blob else None


def _pack(item: Item) -> bytes:
    event, blob = item
    text = event.model_dump_json().encode()
    payload = text if blob is None else text + blob
    return _HEAD.pack(len(text), -1 if blob is None else len(blob), zlib.crc32(payload)) + payload
