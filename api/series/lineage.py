"""A forked run's series: its ancestors' up to the steps at which they were forked, then its own."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.series.buckets import KEPT_BITS, Buckets, join, summarise
from api.series.chunks import FURTHEST, SeriesReader
from api.series.points import Points, merge
from api.tables import RunRow

KEPT_STEPS = 1 << KEPT_BITS
NONE = summarise(merge([]), KEPT_BITS)
"""No buckets."""


@dataclass(frozen=True)
class Segment:
    """A stretch of steps that one run of a lineage measured."""

    run: RunRow
    first: int
    last: int


def segments(session: Session, run: RunRow) -> list[Segment]:
    """The stretches that make up a run's history, oldest first; the last one is its own and has no end."""
    found: list[Segment] = []
    last = FURTHEST
    while True:
        above = None if run.parent is None else session.get(RunRow, run.parent)
        forked_at = run.parent_step
        if above is None or forked_at is None:
            return [Segment(run, 0, last), *found]
        found = [Segment(run, forked_at + 1, last), *found]
        run, last = above, min(forked_at, last)


@dataclass(frozen=True)
class LineageReader:
    """One scalar series along a lineage, at one moment."""

    parts: Sequence[tuple[SeriesReader, Segment]]

    @classmethod
    def open(cls, session: Session, run: RunRow, series: str) -> "LineageReader":
        """The series as it is now."""
        return cls([(SeriesReader.open(session, part.run, series), part) for part in segments(session, run)])

    @property
    def series(self) -> str:
        """Its name."""
        return self.parts[-1][0].series

    def points(self, first: int, last: int) -> Points:
        """All points from one step to another, both included."""
        return merge(
            reader.points(max(first, part.first), min(last, part.last))
            for reader, part in self.parts
            if part.first <= last and part.last >= first
        )

    def kept_buckets(self, first: int, last: int) -> Buckets:
        """Buckets of 64 steps, all that hold a step from one to another, both included."""
        return join([_within(reader, part, first, last) for reader, part in self.parts]).within(first, last)

    def last_step(self) -> int:
        """Step of the last point; -1 when there is none."""
        return next((last for reader, part in reversed(self.parts) if (last := _last_step(reader, part)) >= 0), -1)


def _within(reader: SeriesReader, part: Segment, first: int, last: int) -> Buckets:
    """The buckets of one stretch; the one in which it ends holds nothing that came after the fork."""
    end = ((last >> KEPT_BITS) + 1) * KEPT_STEPS - 1
    if part.first > end:
        return NONE
    if part.last >= end:
        return reader.kept_buckets(max(first, part.first), last)
    edge = ((part.last + 1) >> KEPT_BITS) * KEPT_STEPS
    whole = NONE if first >= edge else reader.kept_buckets(first, edge - 1)
    return join([whole, summarise(reader.points(edge, part.last), KEPT_BITS)])


def _last_step(reader: SeriesReader, part: Segment) -> int:
    """Of the points of one stretch; -1 when it has none."""
    last = reader.last_step()
    if last > part.last:
        points = reader.points(part.first, part.last)
        last = int(points.steps[-1]) if len(points) else -1
    return last if last >= part.first else -1
