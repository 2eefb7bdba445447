"""The artefact store as the server needs it: pictures go in, pictures and checkpoints come out."""

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem

PIECE_BYTES = 1 << 18
"""A file is sent in pieces of this size."""


class UnusableArtefacts(RuntimeError):
    """The artefact store cannot be used, and what to do."""


class Artefacts:
    """Files by name under one fsspec URL. Names are ours: they never come from a request."""

    def __init__(self, url: str) -> None:
        """The store at that URL: file:///…, s3://…, memory://….

        Raises:
            UnusableArtefacts: if the URL is of a kind that is not installed here.
        """
        self._url = url
        try:
            filesystem, self._root = fsspec.url_to_fs(url)
        except (ImportError, ValueError) as error:
            message = f"MODESCOPE_ARTEFACTS_URL {url!r} cannot be used: {error}. For s3://, install modescope[s3]"
            raise UnusableArtefacts(message) from error
        self._files: Any = filesystem  # Any: fsspec is not typed
        self._is_local = isinstance(filesystem, LocalFileSystem)

    def check(self) -> None:
        """Write something and remove it.

        Raises:
            UnusableArtefacts: if that does not work.
        """
        name = f".check-{secrets.token_hex(4)}"
        try:
            self.put(name, b"modescope")
            self.delete(name)
        except OSError as error:
            message = (
                f"cannot write to the artefact store {self._url}: {error}. Set MODESCOPE_DATA or "
                "MODESCOPE_ARTEFACTS_URL to a place that can be written, or make room there"
            )
            raise UnusableArtefacts(message) from error

    def put(self, name: str, content: bytes) -> None:
        """Keep it under that name: wholly, or not at all."""
        path = self._path(name)
        if self._is_local:
            _write_whole(Path(path), [content])
        else:
            self._files.pipe_file(path, content)  # an object store shows an object when it is complete

    def put_file(self, name: str, file: Path) -> None:
        """Keep a file's content under that name: wholly, or not at all."""
        if self._is_local:
            with file.open("rb") as source:
                _write_whole(Path(self._path(name)), iter(lambda: source.read(PIECE_BYTES), b""))
        else:
            self._files.put_file(str(file), self._path(name))

    def list(self, folder: str) -> list[str]:
        """Names directly in a folder, in alphabetical order; none where there is no such folder."""
        path = self._path(folder)
        found = self._files.ls(path, detail=False, refresh=True) if self._files.isdir(path) else []
        names = (str(each).rstrip("/").rsplit("/", 1)[-1] for each in found)
        return sorted(f"{folder}/{name}" for name in names if not name.endswith(".tmp"))

    def get(self, name: str) -> bytes:
        """What was put under that name.

        Raises:
            FileNotFoundError: if nothing was.
        """
        content: bytes = self._files.cat_file(self._path(name))
        return content

    def copy(self, name: str, to: str) -> None:
        """Keep the same content under another name too: wholly, or not at all.

        Raises:
            FileNotFoundError: if there is none.
        """
        if self._is_local:
            _write_whole(Path(self._path(to)), self.pieces(name))
        else:
            self._files.cp_file(self._path(name), self._path(to))

    def pieces(self, name: str) -> Iterator[bytes]:
        """The content, piece by piece.

        Raises:
            FileNotFoundError: if there is none.
        """
        with self._files.open(self._path(name), "rb") as file:
            while piece := file.read(PIECE_BYTES):
                yield piece

    def exists(self, name: str) -> bool:
        """Whether something is there under that name."""
        return bool(self._files.isfile(self._path(name)))

    def delete(self, name: str) -> None:
        """Forget it; a name that ends in "/" means everything below. What is not there is forgotten already."""
        path = self._path(name)
        if self._files.exists(path):
            self._files.rm(path, recursive=name.endswith("/"))

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def _write_whole(path: Path, pieces: Iterable[bytes]) -> None:
    """Temporary file, fsync, rename, fsync of the folder: after a power cut it is there, or it is not."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
