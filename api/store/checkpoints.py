"""What SQL says of a run's checkpoints."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.tables import CheckpointRow
from contract.runs import Checkpoint


def listed(session: Session, run: str) -> list[Checkpoint]:
    """Checkpoints that are there and that the run's history leads to, newest first."""
    return [_answer(row) for row in usable(session, run)]


def usable(session: Session, run: str) -> Sequence[CheckpointRow]:
    """Rows of the checkpoints that a run can go on from, newest first."""
    query = select(CheckpointRow).where(
        CheckpointRow.run == run, CheckpointRow.removed.is_(False), CheckpointRow.superseded.is_(False)
    )
    return session.scalars(query.order_by(CheckpointRow.step.desc(), CheckpointRow.attempt.desc())).all()


def at_step(session: Session, run: str, step: int) -> CheckpointRow | None:
    """The checkpoint of a step: rather one that is still there than one that was removed, rather a later attempt's."""
    query = select(CheckpointRow).where(CheckpointRow.run == run, CheckpointRow.step == step)
    newest = query.order_by(CheckpointRow.removed, CheckpointRow.superseded, CheckpointRow.attempt.desc())
    return session.scalar(newest.limit(1))


def _answer(row: CheckpointRow) -> Checkpoint:
    return Checkpoint(
        step=row.step,
        attempt=row.attempt,
        name=row.name,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        reason=row.reason,
        time=row.time,
    )
