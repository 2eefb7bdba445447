"""What the first bytes of a file say of the picture in it: its kind and size. Nothing is decoded here.

The api has no library for pictures, and wants none near what strangers send; the worker decodes them, in the trainer.
"""

import struct
from dataclasses import dataclass

from contract.uploads import MOST_PIXELS

KINDS = ("png", "jpeg", "webp")
LEAST_SIDE = 8
_NOT_SIZES = {0xC4, 0xC8, 0xCC}
"""Of JPEG's markers C0 to CF, those that do not begin a frame."""


class NoPicture(ValueError):
    """The file is no picture that can be taken, and why."""


@dataclass(frozen=True)
class Head:
    """What a picture says of itself."""

    kind: str
    width: int
    height: int


def look(content: bytes) -> Head:
    """Kind and size of a whole file.

    Raises:
        NoPicture: if it is no png, jpeg or webp, torn, or of a size that cannot be used.
    """
    try:
        head = _head(content)
    except (struct.error, IndexError) as error:
        raise NoPicture("it is cut off") from error
    if min(head.width, head.height) < LEAST_SIDE:
        raise NoPicture(f"it has {head.width}×{head.height} pixels, fewer than {LEAST_SIDE} a side")
    if head.width * head.height > MOST_PIXELS:
        raise NoPicture(f"it has {head.width}×{head.height} pixels, more than {MOST_PIXELS:,} in all")
    return head


def _head(content: bytes) -> Head:
    if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
        width, height = struct.unpack(">II", content[16:24])
        return Head("png", width, height)
    if content.startswith(b"\xff\xd8\xff"):
        return _jpeg(content)
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return _webp(content)
    raise NoPicture(f"it is no {', '.join(KINDS[:-1])} or {KINDS[-1]}")


def _jpeg(content: bytes) -> Head:
    """From segment to segment up to the one that says the size.

    Raises:
        NoPicture: if there is none.
    """
    place = 2
    while place < len(content):
        marker, length = struct.unpack(">xBH", content[place : place + 4])
        if content[place] != 0xFF:
            raise NoPicture("it is a broken jpeg")
        if 0xC0 <= marker <= 0xCF and marker not in _NOT_SIZES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return Head("jpeg", width, height)
        place += 2 + length
    raise NoPicture("it is a jpeg that does not say its size")


def _webp(content: bytes) -> Head:
    kind, data = content[12:16], content[20:30]
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[6:10])
        return Head("webp", width & 0x3FFF, height & 0x3FFF)
    if kind == b"VP8L":
        (bits,) = struct.unpack("<I", data[1:5])
        return Head("webp", (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)
    if kind == b"VP8X":
        width, height = (int.from_bytes(data[start : start + 3], "little") + 1 for start in (4, 7))
        if len(data) < 10:
            raise NoPicture("it is cut off")
        return Head("webp", width, height)
    raise NoPicture("it is a webp of an unknown kind")
