"""Server-sent events, as the HTML standard has them: lines to frames. Nothing here knows the network."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Frame:
    """One event of a stream."""

    event: str
    data: str
    id: str | None
    """Cursor to go on from after this frame; None when the frame carries none."""


def frames(lines: Iterable[str]) -> Iterator[Frame | None]:
    """The frames of a stream; None for each comment line (the server's ping), so that the caller can look at a clock.

    Args:
        lines: the stream's lines without their ends.

    Yields:
        A frame at each blank line that ends one with data.
    """
    event, data, cursor = "message", list[str](), None
    for line in lines:
        if line.startswith(":"):
            yield None
        elif line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "event":
                event = value
            elif name == "data":
                data.append(value)
            elif name == "id":
                cursor = value
        else:
            if data:
                yield Frame(event, "\n".join(data), cursor)
            event, data, cursor = "message", [], None
