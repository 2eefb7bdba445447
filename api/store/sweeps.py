"""Sweeps as SQL keeps them, and what the API says of one."""

from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from api.problems import NoSuchSweep
from api.store import newest_first
from api.store.state import cursor
from api.tables import FrameRow, RunRow, SeriesRow, SweepRow
from contract.numbers import dumps, loads, number, shown
from contract.sweeps import LastPicture, LastValue, Sweep, SweepAxis, SweepRun, SweepSummary

COMPARED = (
    "modes.captured",
    "modes.high_quality",
    "modes.reverse_kl",
    "coverage.recall",
    "frechet.distance",
    "diversity.ratio",
    "loss.d",
    "loss.g",
)
"""Series by which the runs of a sweep are compared; those that estimate also have their standard error."""
ACCURACIES = "samples.%.accuracy"
"""One for each label; as SQL's LIKE has it."""
PICTURES = ("samples", "points")
"""Series that show what G makes."""


def new_row(sweep: str, name: str, recipe: str | None, axes: Sequence[SweepAxis], created_at: float) -> SweepRow:
    """The row of a sweep to be."""
    return SweepRow(id=sweep, name=name, recipe=recipe, axes=dumps(axes).decode(), created_at=created_at)


def find(session: Session, sweep: str) -> SweepRow:
    """The sweep of that id.

    Raises:
        NoSuchSweep: if there is none.
    """
    row = session.get(SweepRow, sweep)
    if row is None:
        raise NoSuchSweep(f"there is no sweep {shown(sweep)}; GET /api/v1/sweeps lists those there are")
    return row


def page(session: Session, *, after: str | None, limit: int) -> tuple[list[SweepRow], bool]:
    """Sweeps, newest first, after the one whose cursor is given, and whether there are more."""
    return newest_first.page(session, select(SweepRow), SweepRow, after=after, limit=limit)


def summaries(session: Session, rows: Sequence[SweepRow]) -> list[SweepSummary]:
    """What a list says of these sweeps."""
    counted = session.execute(
        select(RunRow.sweep, RunRow.status, func.count())
        .where(RunRow.sweep.in_([row.id for row in rows]))
        .group_by(RunRow.sweep, RunRow.status)
    )
    statuses: dict[str, dict[str, int]] = {}
    for sweep, status, n in counted:
        statuses.setdefault(sweep or "", {})[status] = n
    return [_summary(row, statuses.get(row.id, {})) for row in rows]


def answer(session: Session, row: SweepRow) -> Sweep:
    """What the API says of a sweep, complete up to one cursor."""
    until = cursor(session)
    rows = runs(session, row.id)
    ids = [run.id for run in rows]
    values, pictures = latest(session, ids), last_pictures(session, ids)
    [summary] = summaries(session, [row])
    listed = [
        SweepRun(
            id=run.id,
            name=run.name,
            values=loads(run.sweep_values or "{}"),
            status=run.status,
            reason=run.reason,
            step=run.step,
            steps=run.steps,
            latest=values.get(run.id, {}),
            picture=pictures.get(run.id),
        )
        for run in rows
    ]
    return Sweep(**dict(summary), runs=listed, cursor=until)


def runs(session: Session, sweep: str) -> Sequence[RunRow]:
    """The sweep's runs, in the order of its axes' values."""
    query = select(RunRow).where(RunRow.sweep == sweep).order_by(RunRow.created_at, RunRow.id)
    return session.scalars(query).all()


def latest(session: Session, ids: Collection[str]) -> Mapping[str, dict[str, LastValue]]:
    """Run → last measurement of each compared series that it has, and of its standard error."""
    errors = [f"{name}.error" for name in COMPARED]
    query = select(SeriesRow.run, SeriesRow.name, SeriesRow.last_step, SeriesRow.last).where(
        SeriesRow.run.in_(ids),
        or_(SeriesRow.name.in_([*COMPARED, *errors]), SeriesRow.name.like(ACCURACIES)),
        SeriesRow.last.is_not(None),
    )
    found: dict[str, dict[str, LastValue]] = {}
    for run, name, step, last in session.execute(query.order_by(SeriesRow.run, SeriesRow.name)):
        found.setdefault(run, {})[name] = LastValue(step=step, value=number(loads(last or "")))
    return found


def last_pictures(session: Session, ids: Collection[str]) -> Mapping[str, LastPicture]:
    """Run → its last samples: the grid where it has one, else the points."""
    query = (
        select(FrameRow.run, FrameRow.series, func.max(FrameRow.step))
        .where(FrameRow.run.in_(ids), FrameRow.series.in_(PICTURES))
        .group_by(FrameRow.run, FrameRow.series)
    )
    found: dict[str, LastPicture] = {}
    for run, name, step in session.execute(query):
        if name == "samples" or run not in found:
            found[run] = LastPicture(series=name, kind="grid" if name == "samples" else "points", step=step)
    return found


def remove_if_empty(session: Session, sweep: str) -> None:
    """Forget a sweep when its last run has been deleted."""
    session.execute(
        delete(SweepRow).where(SweepRow.id == sweep, ~select(RunRow.id).where(RunRow.sweep == sweep).exists())
    )


def _summary(row: SweepRow, statuses: Mapping[str, int]) -> SweepSummary:
    return SweepSummary.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "recipe": row.recipe,
            "axes": loads(row.axes),
            "created_at": row.created_at,
            "n_runs": sum(statuses.values()),
            "statuses": statuses,
        }
    )
