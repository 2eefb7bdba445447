"""One line a run for a table of many: the run's key series in few buckets, read for all of them together.

Chunks already hold buckets of 64 steps, so a line of a long run costs no points. Where a run has fewer steps than
that would leave a line of, its points are read: they are few then.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from api.series.buckets import KEPT_BITS, MOST_BITS, Buckets, coarsen, decode, join, summarise
from api.series.chunks import FURTHEST
from api.series.points import NONE, Points, gather, merge
from api.series.points import decode as decode_points
from api.store.series import answer
from api.tables import ChunkRow, EventRow, RunRow, SeriesRow
from contract.runs import ScalarSeries

KEY = ("modes.captured", "coverage.recall", "coverage.coverage", "loss.d")
"""What tells most of a run, the best first; between the first and the rest come the accuracies of its samples."""
ACCURACY = "samples.%.accuracy"
"""As SQL's LIKE has it."""


@dataclass(frozen=True)
class _Line:
    """A run with its key series."""

    run: RunRow
    series: SeriesRow


def of(session: Session, rows: Sequence[RunRow], most: int, cursor: str) -> dict[str, ScalarSeries]:
    """Run → its key series in at most so many buckets; a run that has announced none of them is missing."""
    lines = _lines(session, rows)
    tails, kept = _tails(session, lines), _kept(session, lines)
    # Buckets of 64 steps are coarser than these lines have room for.
    points = _points(session, [line for line in lines if 2 * len(kept.get(line.run.id, ())) <= most])
    found = {}
    for line in lines:
        id, tail = line.run.id, tails.get(line.run.id, NONE)
        if id in kept and id not in points:
            buckets = _wider(join([kept[id], summarise(_after(kept[id], tail), KEPT_BITS)]), most)
        else:
            buckets = _narrowest(merge([points.get(id, NONE), tail]), most)
        found[id] = answer(line.series, cursor, buckets)
    return found


def rank(name: str) -> int:
    """Place of a series among those that may be the key series; the lowest wins."""
    if name in KEY:
        return 2 * KEY.index(name)
    return 1


def _lines(session: Session, rows: Sequence[RunRow]) -> list[_Line]:
    query = select(SeriesRow).where(
        SeriesRow.run.in_([row.id for row in rows]), or_(SeriesRow.name.in_(KEY), SeriesRow.name.like(ACCURACY))
    )
    best: dict[str, SeriesRow] = {}
    for series in session.scalars(query.order_by(SeriesRow.ordinal, SeriesRow.name)):
        if series.run not in best or rank(series.name) < rank(best[series.run].name):
            best[series.run] = series
    return [_Line(row, best[row.id]) for row in rows if row.id in best]


def _tails(session: Session, lines: Sequence[_Line]) -> dict[str, Points]:
    """Run → the points of its line that are not in chunks yet. Ended runs have none."""
    names = {line.run.id: line.series.name for line in lines if line.run.tail_events}
    query = select(EventRow.run, EventRow.body).join(RunRow, RunRow.id == EventRow.run)
    query = query.where(
        EventRow.run.in_(names), EventRow.kind == "scalars", EventRow.position > RunRow.compacted_position
    )
    bodies: defaultdict[str, list[str]] = defaultdict(list)
    for run, body in session.execute(query.order_by(EventRow.position)) if names else ():
        bodies[run].append(body)
    gathered = {run: gather(texts, only=names[run]) for run, texts in bodies.items()}
    return {run: found[names[run]] for run, found in gathered.items() if names[run] in found}


def _of(lines: Sequence[_Line], column: InstrumentedAttribute[bytes]) -> Select[str, bytes]:
    """A column of the chunks of these lines, at least one, in the order of their steps."""
    # Not as pairs in a list: for that SQLite reads the whole table.
    mine = [and_(ChunkRow.run == line.run.id, ChunkRow.series == line.series.name) for line in lines]
    return select(ChunkRow.run, column).where(or_(*mine)).order_by(ChunkRow.run, ChunkRow.first_step)


def _kept(session: Session, lines: Sequence[_Line]) -> dict[str, Buckets]:
    """Run → its line's buckets of 64 steps."""
    contents: defaultdict[str, list[bytes]] = defaultdict(list)
    for run, content in session.execute(_of(lines, ChunkRow.buckets)) if lines else ():
        contents[run].append(content)
    return {run: join([decode(parts)]) for run, parts in contents.items()}


def _after(kept: Buckets, tail: Points) -> Points:
    """The tail without the buckets before the last one: a resumed run says again the step from which it goes on."""
    return tail.between(int(kept.first_steps[-1]), FURTHEST)


def _points(session: Session, lines: Sequence[_Line]) -> dict[str, Points]:
    parts: defaultdict[str, list[Points]] = defaultdict(list)
    for run, content in session.execute(_of(lines, ChunkRow.points)) if lines else ():
        parts[run].append(decode_points(content))
    return {run: merge(listed) for run, listed in parts.items()}


def _narrowest(points: Points, most: int) -> Buckets:
    return next(found for bits in range(MOST_BITS) if len(found := summarise(points, bits)) <= most)


def _wider(buckets: Buckets, most: int) -> Buckets:
    return next(found for bits in range(KEPT_BITS, MOST_BITS) if len(found := coarsen(buckets, bits)) <= most)
