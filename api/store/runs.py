"""Runs as SQL keeps them: making, listing, editing and deleting them, and what the API says of one."""

from collections.abc import Collection, Sequence

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from api import knobs
from api.problems import HasForks, NoSuchRun, RunActive
from api.store import ledger, newest_first, series, sweeps
from api.store.state import cursor
from api.tables import BlobRow, OrphanRow, RecorderRow, RunRow
from contract.events import ACTIVE
from contract.names import blob_name
from contract.numbers import dumps, loads, shown
from contract.runs import EditRun, Run
from contract.spec import RunSpec


def find(session: Session, run: str) -> RunRow:
    """The run of that id.

    Raises:
        NoSuchRun: if there is none.
    """
    row = session.get(RunRow, run)
    if row is None:
        raise NoSuchRun(f"there is no run {shown(run)}; GET /api/v1/runs lists those there are")
    return row


def page(
    session: Session, *, statuses: Collection[str], sweep: str | None, after: str | None, limit: int
) -> tuple[list[RunRow], bool]:
    """Runs, newest first, after the one whose cursor is given, and whether there are more."""
    query = select(RunRow)
    if statuses:
        query = query.where(RunRow.status.in_(statuses))
    if sweep is not None:
        query = query.where(RunRow.sweep == sweep)
    return newest_first.page(session, query, RunRow, after=after, limit=limit)


def answers(session: Session, rows: Sequence[RunRow]) -> list[Run]:
    """What the API says of these runs, complete up to one cursor."""
    until = cursor(session)
    ids = [row.id for row in rows]
    applied, waiting, latest = (
        ledger.applied(session, ids),
        ledger.unanswered(session, ids),
        series.latest(session, ids),
    )
    below = n_forks(session, ids)
    return [
        Run(
            id=row.id,
            name=row.name,
            status=row.status,
            reason=row.reason,
            traceback=row.traceback,
            spec=RunSpec.model_validate_json(row.spec),
            recipe=row.recipe,
            step=row.step,
            steps=row.steps,
            attempt=row.attempt,
            knobs=knobs.states(row, applied.get(row.id, ()), waiting.get(row.id, ())),
            attributes=loads(row.attributes),
            device=row.device,
            parent=row.parent,
            parent_step=row.parent_step,
            left_out=row.left_out,
            n_forks=below.get(row.id, 0),
            sweep=row.sweep,
            notes=row.notes,
            tags=loads(row.tags),
            created_at=row.created_at,
            started_at=row.started_at,
            finished_at=row.finished_at,
            latest=latest.get(row.id, {}),
            cursor=until,
        )
        for row in rows
    ]


def forks(session: Session, run: str) -> Sequence[RunRow]:
    """Runs that go on from a checkpoint of this one, oldest first."""
    return session.scalars(select(RunRow).where(RunRow.parent == run).order_by(RunRow.created_at, RunRow.id)).all()


def n_forks(session: Session, runs: Collection[str]) -> dict[str, int]:
    """Run → how many runs go on from one of its checkpoints; those of which none does are missing."""
    counted = session.execute(
        select(RunRow.parent, func.count().label("n")).where(RunRow.parent.in_(runs)).group_by(RunRow.parent)
    )
    return {row.parent: row.n for row in counted}


def edit(session: Session, run: str, changes: EditRun) -> None:
    """Change what was given of the run's label.

    Raises:
        NoSuchRun: if there is none of that id.
    """
    row = find(session, run)
    if changes.name is not None:
        row.name = changes.name
    if changes.notes is not None:
        row.notes = changes.notes
    if changes.tags is not None:
        row.tags = dumps(changes.tags).decode()


def add(session: Session, row: RunRow) -> None:
    """Write a new run; the one that it goes on from stays until this is done.

    Raises:
        NoSuchRun: if it goes on from one that was deleted meanwhile.
    """
    if row.parent is not None and session.scalar(_locked(row.parent, read=True)) is None:
        raise NoSuchRun(f"run {row.parent} was deleted just now")
    session.add(row)
    session.flush()


def remove(session: Session, run: str) -> None:
    """Delete a run with all that SQL has of it; its files are left to the recorder to remove.

    One at a time, and not beside the recorder: of two that end the last uses of a picture, one must see it.

    Raises:
        NoSuchRun: if there is none of that id.
        RunActive: if it is still going on.
        HasForks: if other runs go on from it.
    """
    session.execute(select(RecorderRow.id).with_for_update())
    row = session.scalar(_locked(run))
    row = row if row is not None else find(session, run)
    if row.status in ACTIVE:
        raise RunActive(f"run {run} is {row.status}: stop it first, then delete it")
    below = forks(session, run)
    if below:
        named = ", ".join(each.id for each in below)
        raise HasForks(f"run {run} has forks whose history it holds ({named}): delete those first")
    others = select(BlobRow.sha256).where(BlobRow.run != run)
    own = session.scalars(select(BlobRow.sha256).where(BlobRow.run == run, BlobRow.sha256.not_in(others)))
    for name in [f"runs/{run}/", *(blob_name(sha256) for sha256 in own)]:
        session.merge(OrphanRow(name=name))
    session.execute(delete(RunRow).where(RunRow.id == run))
    if row.sweep is not None:
        sweeps.remove_if_empty(session, row.sweep)


def _locked(run: str, *, read: bool = False) -> Select[RunRow]:
    """A run that nobody changes (`read`: that nobody deletes) until the transaction ends."""
    return select(RunRow).where(RunRow.id == run).with_for_update(read=read, key_share=read)


def with_status(session: Session, statuses: Collection[str]) -> Sequence[RunRow]:
    """Runs in one of these states, oldest first."""
    query = select(RunRow).where(RunRow.status.in_(statuses))
    return session.scalars(query.order_by(RunRow.created_at)).all()


def count_by_status(session: Session) -> dict[str, int]:
    """How many runs are in each state."""
    counted = session.execute(select(RunRow.status, func.count().label("n")).group_by(RunRow.status))
    return {row.status: row.n for row in counted}
