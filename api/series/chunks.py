"""Chunks: a series' points as SQL keeps them, and reading a series back from chunks and the tail of its events.

The tail are the `scalars` events that are not yet in chunks. Where it repeats steps that a chunk has (a resumed
run says the step again from which it goes on), the tail's value holds.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.series.buckets import KEPT_BITS, Buckets, decode, join, summarise
from api.series.points import Points, gather, merge
from api.series.points import decode as decode_points
from api.tables import ChunkRow, EventRow, RunRow

MOST_POINTS = 2048
"""A chunk is split when a merge makes it larger than this."""
FURTHEST = 2**62
"""A step beyond all steps."""


@dataclass(frozen=True)
class SeriesReader:
    """One scalar series of one run, at one moment."""

    session: Session
    run: str
    series: str
    tail: Points

    @classmethod
    def open(cls, session: Session, run: RunRow, series: str) -> "SeriesReader":
        """The series as it is now, its tail read."""
        tail = gather(tail_bodies(session, run), only=series).get(series, merge([]))
        return cls(session, run.id, series, tail)

    def points(self, first: int, last: int) -> Points:
        """All points from one step to another, both included."""
        kept = [decode_points(content) for content in self.session.scalars(self._points_of(first, last))]
        return merge([*kept, self.tail]).between(first, last)

    def kept_buckets(self, first: int, last: int) -> Buckets:
        """Buckets of 64 steps, all that hold a step from one to another, both included."""
        clean, mixed = self._last_clean_step(), self.tail
        contents = list(
            self.session.scalars(
                select(ChunkRow.buckets)
                .where(ChunkRow.run == self.run, ChunkRow.series == self.series)
                .where(ChunkRow.first_step <= last, ChunkRow.last_step >= first, ChunkRow.last_step <= clean)
                .order_by(ChunkRow.first_step)
            )
        )
        if len(self.tail):
            mixed = self.points(clean + 1, FURTHEST)
        return join([decode(contents), summarise(mixed, KEPT_BITS)]).within(first, last)

    def last_step(self) -> int:
        """Step of the last point; -1 when there is none."""
        kept = self.session.scalar(
            select(ChunkRow.last_step)
            .where(ChunkRow.run == self.run, ChunkRow.series == self.series)
            .order_by(ChunkRow.first_step.desc())
            .limit(1)
        )
        tail = int(self.tail.steps[-1]) if len(self.tail) else -1
        return max(tail, -1 if kept is None else kept)

    def _last_clean_step(self) -> int:
        """Last step of the chunks that the tail does not reach into."""
        if not len(self.tail):
            return FURTHEST
        found = self.session.scalar(
            select(ChunkRow.last_step)
            .where(ChunkRow.run == self.run, ChunkRow.series == self.series)
            .where(ChunkRow.last_step < int(self.tail.steps[0]))
            .order_by(ChunkRow.first_step.desc())
            .limit(1)
        )
        return -1 if found is None else found

    def _points_of(self, first: int, last: int) -> Select[bytes]:
        return (
            select(ChunkRow.points)
            .where(ChunkRow.run == self.run, ChunkRow.series == self.series)
            .where(ChunkRow.first_step <= last, ChunkRow.last_step >= first)
            .order_by(ChunkRow.first_step)
        )


def tail_bodies(session: Session, run: RunRow, until: int | None = None) -> Sequence[str]:
    """Bodies of the run's `scalars` events that are not in chunks, up to a position."""
    query = select(EventRow.body).where(
        EventRow.run == run.id, EventRow.kind == "scalars", EventRow.position > run.compacted_position
    )
    if until is not None:
        query = query.where(EventRow.position <= until)
    return session.scalars(query.order_by(EventRow.position)).all()


def compact(session: Session, run: RunRow, until: int) -> None:
    """Put the run's tail, up to a position, into chunks: one a series, or more where it reaches into older ones."""
    for series, points in gather(tail_bodies(session, run, until)).items():
        _write(session, run.id, series, points)
    run.compacted_position = until
    run.tail_points = run.tail_events = 0


def cut(session: Session, run: str, after_step: int) -> None:
    """Forget all points after a step: a later attempt went on from there. The events stay."""
    beyond = session.scalars(select(ChunkRow).where(ChunkRow.run == run, ChunkRow.last_step > after_step)).all()
    for chunk in beyond:
        left = decode_points(chunk.points).between(0, after_step)
        series = chunk.series
        session.delete(chunk)
        session.flush()
        _insert(session, run, series, left)


def _write(session: Session, run: str, series: str, points: Points) -> None:
    overlapping = session.scalars(
        select(ChunkRow)
        .where(ChunkRow.run == run, ChunkRow.series == series)
        .where(ChunkRow.first_step <= int(points.steps[-1]), ChunkRow.last_step >= int(points.steps[0]))
        .order_by(ChunkRow.first_step)
    ).all()
    older = [decode_points(chunk.points) for chunk in overlapping]
    for chunk in overlapping:
        session.delete(chunk)
    session.flush()
    _insert(session, run, series, merge([*older, points]))


def _insert(session: Session, run: str, series: str, points: Points) -> None:
    for start in range(0, len(points), MOST_POINTS):
        part = Points(points.steps[start : start + MOST_POINTS], points.values[start : start + MOST_POINTS])
        session.add(
            ChunkRow(
                run=run,
                series=series,
                first_step=int(part.steps[0]),
                last_step=int(part.steps[-1]),
                n=len(part),
                buckets=summarise(part, KEPT_BITS).encode(),
                points=part.encode(),
            )
        )
    session.flush()
