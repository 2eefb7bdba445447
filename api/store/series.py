"""What SQL says of a run's series."""

from collections.abc import Iterable, Iterator

import numpy as np
from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from api.positions import event_id_of
from api.series.buckets import KEPT_BITS, MOST_BITS, Buckets, coarsen, summarise
from api.series.chunks import FURTHEST
from api.series.lineage import LineageReader, segments
from api.series.points import Points
from api.store.state import cursor_position
from api.tables import EventRow, FrameRow, RunRow, SeriesRow
from contract.events import BODIES, Density, Eigenvalues, SeriesInfo, Spectrum
from contract.numbers import loads, number
from contract.runs import Look, ScalarSeries, SeriesState, StepSeries

KEY_SERIES = ("loss.d", "loss.g", "modes.captured", "modes.high_quality", "speed.steps_per_s")
"""What a list of runs shows of each."""


def listed(session: Session, run: RunRow) -> list[SeriesState]:
    """Every series of the run, in the order in which they were announced; its parent's while a fork has none."""
    for part in reversed(segments(session, run)):
        of_part = select(SeriesRow).where(SeriesRow.run == part.run.id)
        rows = session.scalars(of_part.order_by(SeriesRow.ordinal, SeriesRow.name)).all()
        if rows:
            return [_state(row, part.last) for row in rows]
    return []


def _state(row: SeriesRow, until: int) -> SeriesState:
    """A series with its last measurement, unless that came after the run was forked."""
    is_known = row.last_step is not None and row.last_step <= until
    return SeriesState(
        **info(row).model_dump(),
        last_step=row.last_step if is_known else None,
        last=number(loads(row.last)) if is_known and row.last is not None else None,
    )


def info(row: SeriesRow) -> SeriesInfo:
    """What was announced of a series."""
    return SeriesInfo.model_validate_json(row.info)


def find(session: Session, run: RunRow, name: str) -> SeriesRow | None:
    """The series of that name, as the run or the nearest ancestor that has it announced it."""
    rows = (session.get(SeriesRow, (part.run.id, name)) for part in reversed(segments(session, run)))
    return next((row for row in rows if row is not None), None)


def names(session: Session, run: RunRow) -> list[str]:
    """Names of the run's series and its ancestors', in alphabetical order."""
    lineage = [part.run.id for part in segments(session, run)]
    query = select(SeriesRow.name).where(SeriesRow.run.in_(lineage)).distinct()
    return list(session.scalars(query.order_by(SeriesRow.name)))


def latest(session: Session, runs: Iterable[str]) -> dict[str, dict[str, float]]:
    """Run → last value of each key series that it has."""
    found: dict[str, dict[str, float]] = {}
    query = select(SeriesRow.run, SeriesRow.name, SeriesRow.last).where(
        SeriesRow.run.in_(list(runs)), SeriesRow.name.in_(KEY_SERIES), SeriesRow.last.is_not(None)
    )
    for run, name, last in session.execute(query):
        found.setdefault(run, {})[name] = number(loads(last or ""))
    return found


def frames(
    session: Session, run: RunRow, row: SeriesRow, first: int, last: int | None, most_looks: int = 0
) -> StepSeries:
    """The steps at which a series of pictures, points or spectra was measured; of spectra also so many themselves."""
    cursor = event_id_of(cursor_position(session))
    of_series = _of_lineage(session, run, row.name)
    query = select(FrameRow.step).where(of_series, FrameRow.step >= first)
    query = query if last is None else query.where(FrameRow.step <= last)
    steps = list(session.scalars(query.order_by(FrameRow.step)))
    kind = info(row).kind
    if most_looks == 0 or kind not in _LOOKED_AT_MANY_AT_ONCE:
        return StepSeries(name=row.name, kind=kind, steps=steps, cursor=cursor)
    n_before = session.scalar(select(func.count()).select_from(FrameRow).where(of_series, FrameRow.step < first)) or 0
    looks = _looks(session, of_series, spread(steps, n_before, most_looks))
    return StepSeries(name=row.name, kind=kind, steps=steps, looks=looks, cursor=cursor)


def spread(steps: list[int], n_before: int, most: int) -> list[int]:
    """At most so many of the steps: those whose place in the series is a multiple of a power of two, and the last.

    The power is the smallest that does. Places count from the start of the series, of which `n_before` steps come
    before these, so that a zoom and a run that has gone on show the same measurements, and more.

    >>> spread([10, 20, 30, 40, 50, 60], 0, 4)
    [10, 30, 50, 60]
    """
    if len(steps) <= most:
        return steps
    if most <= 1:
        return steps[-1:][:most]
    stride = 1
    while len(chosen := steps[-n_before % stride :: stride]) > most - 1:
        stride *= 2
    return chosen if chosen and chosen[-1] == steps[-1] else [*chosen, steps[-1]]


_LOOKED_AT_MANY_AT_ONCE = frozenset({Spectrum.kind, Eigenvalues.kind, Density.kind})
"""Kinds whose measurements are small enough to be answered many at once; pictures and points are not."""


def _of_lineage(session: Session, run: RunRow, name: str) -> ColumnElement[bool]:
    """Measurements of a series of the run, and those of its ancestors up to where they were forked."""
    parts = [
        and_(FrameRow.run == part.run.id, FrameRow.step.between(part.first, part.last))
        for part in segments(session, run)
    ]
    return and_(FrameRow.series == name, or_(*parts))


def _looks(session: Session, of_series: ColumnElement[bool], steps: list[int]) -> list[Look]:
    query = select(FrameRow.step, EventRow.kind, EventRow.body).join(EventRow, FrameRow.position == EventRow.position)
    rows = session.execute(query.where(of_series, FrameRow.step.in_(steps)).order_by(FrameRow.step))
    bodies = [(step, BODIES[kind].model_validate_json(body)) for step, kind, body in rows]
    return [Look.model_validate({"step": step, "body": body}) for step, body in bodies]


def frame(session: Session, run: RunRow, name: str, step: int) -> EventRow | None:
    """The event that measured a series of pictures, points or spectra at a step."""
    query = select(EventRow).join(FrameRow, FrameRow.position == EventRow.position)
    return session.scalar(query.where(_of_lineage(session, run, name), FrameRow.step == step))


def scalars(
    session: Session, run: RunRow, row: SeriesRow, first: int, last: int | None, most_buckets: int
) -> ScalarSeries:
    """A scalar series, as points when there are at most so many, else in buckets.

    The width is the smallest power of two at which at most `most_buckets` buckets hold a point. With a width above
    1 the range is widened to whole buckets.
    """
    cursor = event_id_of(cursor_position(session))
    reader = LineageReader.open(session, run, row.name)
    end = reader.last_step() if last is None else min(last, reader.last_step())
    if end < first:
        return answer(row, cursor, summarise(Points(*_NOTHING), 0))
    return answer(row, cursor, _choose(reader, first, end, most_buckets))


def wide(session: Session, run: RunRow) -> Iterator[dict[str, float]]:
    """All scalars of a run, one row a step: `step`, then each series that has a point there."""
    readers = [LineageReader.open(session, run, name) for name in names(session, run) if is_scalar(session, run, name)]
    last = max((reader.last_step() for reader in readers), default=-1)
    for start in range(0, last + 1, _EXPORT_STEPS):
        parts = [(r.series, r.points(start, start + _EXPORT_STEPS - 1)) for r in readers]
        yield from _rows(parts)


def is_scalar(session: Session, run: RunRow, name: str) -> bool:
    """Whether the series of that name holds one number a step."""
    row = find(session, run, name)
    return row is not None and info(row).kind == "scalar"


_EXPORT_STEPS = 16_384
_NOTHING = (np.empty(0, np.int64), np.empty(0, np.float64))


def _rows(parts: list[tuple[str, Points]]) -> Iterator[dict[str, float]]:
    rows: dict[int, dict[str, float]] = {}
    for name, points in parts:
        for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
            rows.setdefault(step, {"step": step})[name] = value
    for step in sorted(rows):
        yield rows[step]


def _choose(reader: LineageReader, first: int, last: int, most: int) -> Buckets:
    """The narrowest buckets of which at most so many hold a point."""
    widest = next(b for b in range(KEPT_BITS, MOST_BITS) if (last >> b) - (first >> b) < most)
    start, end = (first >> widest) << widest, min((((last >> widest) + 1) << widest) - 1, FURTHEST)
    kept = reader.kept_buckets(start, end)
    # Widening to whole buckets adds at most one bucket at each end, hence 2: only then may narrower ones do.
    if len(kept.within(first, last)) <= most + 2:
        side = 1 << (KEPT_BITS - 1)
        points = reader.points((first // side) * side, (last // side + 1) * side - 1)
        for bits in range(KEPT_BITS):
            part = points.between(first, last) if bits == 0 else points
            buckets = summarise(part, bits).within(first, last)
            if len(buckets) <= most:
                return buckets
    wider = (coarsen(kept, bits).within(first, last) for bits in range(KEPT_BITS, MOST_BITS))
    return next(buckets for buckets in wider if len(buckets) <= most)


def answer(row: SeriesRow, cursor: str, buckets: Buckets) -> ScalarSeries:
    """A scalar series in these buckets, complete up to the cursor."""
    return ScalarSeries(
        name=row.name,
        unit=info(row).unit,
        bucket_steps=1 << buckets.bits,
        steps=buckets.first_steps.tolist(),
        min=buckets.low.tolist(),
        max=buckets.high.tolist(),
        last=buckets.last.tolist(),
        nonfinite=buckets.nonfinite.tolist(),
        cursor=cursor,
    )
