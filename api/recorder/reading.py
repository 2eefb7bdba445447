"""From log entries to events that can be recorded. What cannot be read is kept raw, and stops nobody."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from api.positions import position_of
from contract.events import Body, Envelope, Scalars, from_fields
from contract.numbers import dumps

FURTHEST_STEP = 2**62 - 1
"""Steps beyond this do not fit the database's integers with room to spare."""


@dataclass(frozen=True)
class Reading:
    """One log entry: an event, or the reason why it is none."""

    position: int
    fields: Mapping[bytes, bytes]
    event: Envelope | None
    body: Body | None
    error: str | None

    @property
    def blob(self) -> bytes | None:
        """The bytes of the event's blob."""
        return self.fields.get(b"blob")

    def raw(self) -> str:
        """The fields as JSON, whatever they hold."""
        return dumps({_text(name): base64.b64encode(value).decode() for name, value in self.fields.items()}).decode()

    def spoilt(self, error: str) -> "Reading":
        """The same entry, found to be unreadable."""
        return Reading(self.position, self.fields, None, None, error)


def read(entry_id: str, fields: Mapping[bytes, bytes]) -> Reading:
    """A log entry as an event with its body, both checked."""
    position = position_of(entry_id)
    try:
        event = from_fields(entry_id, fields)
        body = event.typed()
        _check(event, body, fields.get(b"blob"))
    except (ValueError, KeyError, TypeError) as error:
        return Reading(position, fields, None, None, f"{type(error).__name__}: {error}")
    return Reading(position, fields, event, body, None)


def _check(event: Envelope, body: Body, blob: bytes | None) -> None:
    """What the shapes alone do not say.

    Raises:
        ValueError: if columns have different lengths, a step is out of range, or a blob is not what it says.
    """
    steps = [event.step or 0]
    if isinstance(body, Scalars):
        for group in body.groups:
            steps += group.steps
            uneven = [name for name, column in group.values.items() if len(column) != len(group.steps)]
            if uneven:
                raise ValueError(f"{', '.join(uneven)}: not one value a step")
    if not all(0 <= step <= FURTHEST_STEP for step in steps):
        raise ValueError(f"a step is outside 0 … {FURTHEST_STEP}")
    if event.blob is not None and (blob is None or hashlib.sha256(blob).hexdigest() != event.blob.sha256):
        raise ValueError("the blob is missing, or not the one that the event names")


def _text(name: bytes) -> str:
    return name.decode(errors="backslashreplace")
