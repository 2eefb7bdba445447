"""Points of one scalar series, and how events hold them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from contract.numbers import loads, number

Steps = NDArray[np.int64]
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Points:
    """Points with distinct steps, in the order of their steps."""

    steps: Steps
    values: Values

    def __len__(self) -> int:
        return len(self.steps)

    def between(self, first: int, last: int) -> "Points":
        """The points from one step to another, both included."""
        low, high = np.searchsorted(self.steps, [first, last + 1])
        return Points(self.steps[low:high], self.values[low:high])

    def encode(self) -> bytes:
        """All steps as int64, then all values as float64, little-endian."""
        return self.steps.astype("<i8").tobytes() + self.values.astype("<f8").tobytes()


NONE = Points(np.empty(0, np.int64), np.empty(0, np.float64))


def decode(content: bytes) -> Points:
    """The points that `Points.encode` wrote."""
    n = len(content) // 16
    return Points(np.frombuffer(content, "<i8", n), np.frombuffer(content, "<f8", n, 8 * n))


def merge(parts: Iterable[Points]) -> Points:
    """One series from several parts; for a step that several have, the last part's value holds."""
    listed = [part for part in parts if len(part)]
    if not listed:
        return NONE
    return in_order(np.concatenate([part.steps for part in listed]), np.concatenate([part.values for part in listed]))


def in_order(steps: Steps, values: Values) -> Points:
    """Points from columns in the order of arrival; for a step that came twice, the later value holds."""
    order = np.argsort(steps, kind="stable")
    steps, values = steps[order], values[order]
    is_last = np.append(steps[1:] != steps[:-1], True) if len(steps) else np.empty(0, bool)
    return Points(steps[is_last], values[is_last])


def gather(bodies: Iterable[str], only: str | None = None) -> dict[str, Points]:
    """The points in the bodies of `scalars` events.

    Args:
        bodies: JSON of the bodies, in the order of arrival.
        only: take this series alone.

    Returns:
        Series → its points.
    """
    steps: defaultdict[str, list[int]] = defaultdict(list)
    values: defaultdict[str, list[Any]] = defaultdict(list)  # Any: a number, or one of three strings
    for body in bodies:
        for group in loads(body)["groups"]:
            for name, column in group["values"].items():
                if only is None or name == only:
                    steps[name] += group["steps"]
                    values[name] += column
    return {name: in_order(np.array(steps[name], np.int64), _floats(values[name])) for name in steps}


def _floats(column: list[Any]) -> Values:
    try:
        return np.array(column, np.float64)  # numpy reads "NaN", "Infinity" and "-Infinity" as we mean them
    except (TypeError, ValueError):
        return np.array([number(value) for value in column], np.float64)
