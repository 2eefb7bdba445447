"""Where checkpoints live: any place that fsspec knows by a URL. A name is there wholly or not at all.

In a local folder that takes a temporary file, fsync, rename and fsync of the folder; object stores do it by themselves.
"""

import os
import secrets
from pathlib import Path

import fsspec
from fsspec.implementations.local import LocalFileSystem

_PROBE = ".writable"
_PARTIAL = ".partial"


class ArtefactMissing(FileNotFoundError):
    """Nothing was put under that name, or it was deleted."""


class ArtefactsUnusable(RuntimeError):
    """The place cannot be read or written; the message says what to do."""


class Artefacts:
    """Bytes by name. Names are relative paths with `/`: `runs/f00d/checkpoints/0000000100-1.safetensors`."""

    def __init__(self, url: str) -> None:
        """The artefacts at an fsspec URL: `file:///data/artefacts`, `s3://bucket/folder`.

        Raises:
            ArtefactsUnusable: if there is no such kind of place, or what it needs is not installed.
        """
        self.url = url
        try:
            self._files, self._root = fsspec.core.url_to_fs(url)
        except (ValueError, ImportError) as error:
            raise ArtefactsUnusable(f"MODESCOPE_ARTEFACTS_URL {url}: {error}") from error

    def check_writable(self) -> None:
        """Write, read and delete a few bytes.

        Raises:
            ArtefactsUnusable: if any of that fails.
        """
        name, content = f"{_PROBE}-{secrets.token_hex(4)}", secrets.token_bytes(16)
        try:
            self.put(name, content)
            read = self.get(name)
            self.delete(name)
        except Exception as error:  # the border to whatever store it is: each has errors of its own
            raise ArtefactsUnusable(
                f"cannot write to {self.url}: {error}; make it writable or point MODESCOPE_ARTEFACTS_URL elsewhere"
            ) from error
        if read != content:
            raise ArtefactsUnusable(f"{self.url} gives back other bytes than were put there: use another store")

    def put(self, name: str, content: bytes) -> None:
        """Keep bytes under a name, in place of what was there; complete once this returns.

        Raises:
            ValueError: if the name leads out of the place.
        """
        path = self._path(name)
        if isinstance(self._files, LocalFileSystem):
            _write_whole(Path(path), content)
        else:
            self._files.pipe_file(path, content)

    def get(self, name: str) -> bytes:
        """What was put under a name.

        Raises:
            ArtefactMissing: if there is nothing.
        """
        try:
            content: bytes = self._files.cat_file(self._path(name))
        except (FileNotFoundError, IsADirectoryError) as missing:
            raise ArtefactMissing(f"no artefact {name!r} in {self.url}") from missing
        return content

    def exists(self, name: str) -> bool:
        """Whether there is something under a name."""
        return bool(self._files.isfile(self._path(name)))

    def delete(self, name: str) -> None:
        """Forget what is under a name; nothing happens when there is nothing."""
        if self.exists(name):
            self._files.rm_file(self._path(name))

    def list(self, prefix: str) -> list[str]:
        """Names under a folder's name, however deep, in alphabetical order; half-written ones are not among them."""
        found = self._files.find(self._path(prefix)) if self._files.isdir(self._path(prefix)) else []
        names = [path.removeprefix(self._root).lstrip("/") for path in found]
        return sorted(name for name in names if not name.endswith(_PARTIAL))

    def _path(self, name: str) -> str:
        parts = name.split("/")
        if not all(parts) or any(part in (".", "..") for part in parts) or "\\" in name:
            raise ValueError(f"artefact name {name!r} must be a relative path without empty parts, '.' or '..'")
        return f"{self._root}/{name}"


def _write_whole(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{path.name}.{secrets.token_hex(4)}{_PARTIAL}")
    try:
        with partial.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
