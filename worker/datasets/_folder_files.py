"""Finds and reads the picture files of a folder, and nothing outside the folder that runs may read."""

import hashlib
import struct
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from worker.datasets import DatasetUnavailable

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP", ".bmp": "BMP", ".gif": "GIF"}
MAX_PICTURES = 50_000
"""At 64 pixels they take 2.5 GB as float32."""
MAX_PIXELS = 50_000_000
"""Of one file: a small file may unfold to more than fits in memory."""
UNREADABLE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
"""What Pillow raises for files that are not what they seem."""


def inside(root: Path, name: str, *, setting: str = "MODESCOPE_IMAGES") -> Path:
    """The path of that name inside the root, links resolved.

    Args:
        root: the folder that runs may read, resolved.
        name: relative to it.
        setting: the variable that names the root.

    Raises:
        DatasetUnavailable: if it is not inside, or not there.
    """
    path = (root / name).resolve()
    if not path.is_relative_to(root):
        raise DatasetUnavailable(
            f"{name!r} leads out of the folder that runs may read. Allowed are names inside {setting}, without "
            "'..' and without links to elsewhere: copy what you need into it"
        )
    if not path.exists():
        raise DatasetUnavailable(
            f"there is no {repr(name) if name else 'such folder'} in {root}. {_what_is_there(root)}"
            f"Put it there, or let {setting} name the folder that has it"
        )
    return path


def list_pictures(root: Path, folder: Path) -> list[Path]:
    """The picture files directly in the folder, in the order of their names.

    Raises:
        DatasetUnavailable: if there are none, too many, or one that leads out of the root.
    """
    if not folder.is_dir():
        raise DatasetUnavailable(f"{folder} is a file; `path` must name a folder with pictures in it")
    names = sorted(file.name for file in folder.iterdir() if file.suffix.lower() in FORMATS and file.is_file())
    if not 0 < len(names) <= MAX_PICTURES:
        raise DatasetUnavailable(
            f"{folder} has {len(names)} pictures; allowed are 1 to {MAX_PICTURES} files that end in "
            f"{', '.join(FORMATS)}. Put pictures there, or name another folder in `path`"
        )
    for name in names:
        inside(root, str(folder / name))
    return [folder / name for name in names]


def digest_of(files: Sequence[Path]) -> str:
    """One digest of the names and contents of all files.

    Raises:
        DatasetUnavailable: if one cannot be read.
    """
    digest = hashlib.sha256()
    for path in files:
        try:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise DatasetUnavailable(
                f"{path.name} in {path.parent} cannot be read: {error.strerror or error}. "
                "Let the user that the worker runs as read it, or take it away"
            ) from error
        digest.update(f"{path.name}\0{content}\0".encode())
    return digest.hexdigest()


def read_picture(path: Path, size: int) -> npt.NDArray[np.uint8]:
    """(size, size, 3): the middle square of the picture, resized, on white.

    Raises:
        DatasetUnavailable: if the file cannot be read as a picture; the message names it.
    """
    try:
        return middle_square(path, size)
    except UNREADABLE as error:
        raise DatasetUnavailable(
            f"{path.name} in {path.parent} cannot be read as a picture: {error}. Allowed are whole files that end in "
            f"{', '.join(FORMATS)}. Mend it or take it away"
        ) from error


def middle_square(picture: Path | BinaryIO, size: int) -> npt.NDArray[np.uint8]:
    """(size, size, 3): the middle square of an encoded picture, resized, on white.

    Raises one of `UNREADABLE` if it is not such a picture.
    """
    whole = _whole_picture(picture)
    opaque = Image.alpha_composite(Image.new("RGBA", whole.size, "white"), whole).convert("RGB")
    side = min(opaque.size)
    left, top = (opaque.width - side) // 2, (opaque.height - side) // 2
    # Cut first: ImageOps.fit lets what lies beside the square shine in at its edges.
    square = opaque.crop((left, top, left + side, top + side))
    return np.asarray(square.resize((size, size), Image.Resampling.LANCZOS))


def _whole_picture(picture: Path | BinaryIO) -> Image.Image:
    """Its first frame, upright, with transparency.

    Raises:
        ValueError: if it is too large.
    """
    with Image.open(picture, formats=sorted(set(FORMATS.values()))) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ValueError(f"it has {image.width}×{image.height} pixels, more than {MAX_PIXELS} in all")
        return ImageOps.exif_transpose(image).convert("RGBA")


def _what_is_there(root: Path) -> str:
    names = sorted(path.name for path in root.iterdir()) if root.is_dir() else []
    return f"There: {', '.join(names[:10])}{', …' if len(names) > 10 else ''}. " if names else "It is empty. "
