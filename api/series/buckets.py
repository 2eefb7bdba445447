"""Buckets of a scalar series: what a chart draws when there are more points than pixels.

A bucket spans a power of two of steps and begins at a multiple of its width, so that it is the same bucket
whatever part of the series is asked for, and new points change only the last one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from api.series.points import Points, Steps, Values

KEPT_BITS = 6
"""Chunks keep buckets of 2^6 = 64 steps: a million steps are then 16,000 of them, merged in some 2 ms."""
MOST_BITS = 62


@dataclass(frozen=True)
class Buckets:
    """Buckets that have a point, in order; every array has one item a bucket."""

    bits: int
    """Width: 2^bits steps."""
    index: Steps
    """Bucket number: its first step is index · 2^bits."""
    low: Values
    """Smallest finite value; NaN when there is none."""
    high: Values
    """Largest finite value; NaN when there is none."""
    last: Values
    """Value of the last point, finite or not."""
    nonfinite: NDArray[np.int64]
    """How many points are NaN or infinite."""

    def __len__(self) -> int:
        return len(self.index)

    @property
    def first_steps(self) -> Steps:
        """First step that each bucket spans."""
        return self.index << self.bits

    def within(self, first: int, last: int) -> "Buckets":
        """Those that hold the two steps, and all between."""
        low, high = np.searchsorted(self.index, [first >> self.bits, (last >> self.bits) + 1])
        some = slice(low, high)
        return Buckets(
            self.bits, self.index[some], self.low[some], self.high[some], self.last[some], self.nonfinite[some]
        )

    def encode(self) -> bytes:
        """Column after column, 8 bytes an item, little-endian; the width is `KEPT_BITS`."""
        whole = (self.index, self.nonfinite)
        real = (self.low, self.high, self.last)
        return b"".join([*(c.astype("<i8").tobytes() for c in whole), *(c.astype("<f8").tobytes() for c in real)])


def decode(contents: list[bytes]) -> Buckets:
    """The kept buckets of several chunks, one after the other; two of them may be halves of one bucket."""
    parts = [np.frombuffer(content, "<i8").reshape(5, -1) for content in contents]
    columns = np.concatenate(parts, axis=1) if parts else np.empty((5, 0), "<i8")
    low, high, last = columns[2:].view("<f8")
    return Buckets(KEPT_BITS, columns[0], low, high, last, columns[1])


def summarise(points: Points, bits: int) -> Buckets:
    """Points in buckets of 2^bits steps."""
    finite = np.isfinite(points.values)
    kept = np.where(finite, points.values, np.nan)
    return _group(points.steps, bits, kept, kept, points.values, (~finite).astype(np.int64))


def coarsen(buckets: Buckets, bits: int) -> Buckets:
    """Buckets in wider buckets of 2^bits steps; adjacent ones of the same place become one."""
    return _group(buckets.first_steps, bits, buckets.low, buckets.high, buckets.last, buckets.nonfinite)


def join(parts: list[Buckets]) -> Buckets:
    """Kept buckets of parts that follow each other, as one."""
    columns = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("index", "low", "high", "last", "nonfinite")
    ]
    return coarsen(Buckets(KEPT_BITS, *columns), KEPT_BITS)


def _group(steps: Steps, bits: int, low: Values, high: Values, last: Values, nonfinite: NDArray[np.int64]) -> Buckets:
    """Items that are in order of their steps, grouped by bucket. fmin and fmax pass over NaN."""
    index = steps >> bits
    if not len(index):
        return Buckets(bits, index, low, high, last, nonfinite)
    starts = np.flatnonzero(np.append(True, index[1:] != index[:-1]))
    ends = np.append(starts[1:], len(index)) - 1
    return Buckets(
        bits,
        index[starts],
        np.fmin.reduceat(low, starts),
        np.fmax.reduceat(high, starts),
        last[ends],
        np.add.reduceat(nonfinite, starts),
    )
