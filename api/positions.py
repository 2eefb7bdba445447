"""Event ids as numbers: what SQL sorts by. Reversible, so that the stream id stays the only cursor anywhere."""

import re

_BITS = 20
"""Bits of a stream id's counter within one millisecond; 2^20 events a millisecond will not happen."""
LATEST_MS = 1 << 43
"""The year 2248: from then on positions need more than SQL's 64 bits."""
_FORM = re.compile(r"(\d{1,13})-(\d{1,7})")
BEGINNING = "0-0"
"""The cursor before every event."""


class NoEventId(ValueError):
    """A text that is no event id."""


def position_of(event_id: str) -> int:
    """The position of an event id in the order of arrival.

    >>> position_of("1-2") == 2**20 + 2
    True

    Raises:
        NoEventId: if the text is none.
    """
    match = _FORM.fullmatch(event_id)
    if match is None or int(match[1]) >= LATEST_MS or int(match[2]) >= 1 << _BITS:
        raise NoEventId(f"{event_id[:60]!r} is no event id; one looks like 1700000000000-0")
    return (int(match[1]) << _BITS) + int(match[2])


def event_id_of(position: int) -> str:
    """The event id at a position.

    >>> event_id_of(position_of("1700000000000-7"))
    '1700000000000-7'
    """
    return f"{position >> _BITS}-{position & ((1 << _BITS) - 1)}"
