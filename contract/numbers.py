"""JSON in which NaN and infinities survive: as the strings "NaN", "Infinity", "-Infinity"."""

import json
from typing import Any

from pydantic import BaseModel, ConfigDict
from pydantic_core import to_json

NONFINITE = ("NaN", "Infinity", "-Infinity")
LONGEST_ECHO = 120
"""Characters of a refused value that a message repeats."""


def dumps(value: Any) -> bytes:  # Any: whatever JSON can hold
    """JSON bytes of a value; non-finite numbers become strings, never null."""
    return to_json(value, inf_nan_mode="strings")


def loads(text: bytes | str) -> Any:  # Any: whatever JSON can hold
    """The value of a JSON text; strings that stand for non-finite numbers stay strings."""
    return json.loads(text)


def number(value: float | str) -> float:
    """The float that a JSON number, or one of the three strings, stands for.

    >>> number("-Infinity"), number(2)
    (-inf, 2.0)

    Raises:
        ValueError: if the string is none of the three.
    """
    if isinstance(value, str) and value not in NONFINITE:
        message = f"{value!r} is no number; allowed strings: {', '.join(NONFINITE)}"
        raise ValueError(message)
    return float(value)


def shown(value: object) -> str:
    """A refused value as a message repeats it: as JSON has it, cut when long.

    >>> shown(True), shown(None), shown("a"), shown(float("nan"))
    ('true', 'null', '"a"', 'NaN')
    """
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= LONGEST_ECHO else f"{text[:LONGEST_ECHO]}…"


class Wire(BaseModel):
    """Base of everything that travels: unknown fields refused, non-finite numbers kept."""

    model_config = ConfigDict(
        extra="forbid",
        ser_json_inf_nan="strings",
        use_attribute_docstrings=True,
        populate_by_name=True,
    )
