"""What an ended run has that may go: counting it, and deleting it."""

from typing import Protocol

from sqlalchemy import ColumnElement, and_, delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from api.series import chunks
from api.store.ledger import ENDED
from api.tables import BlobRow, CheckpointRow, EventRow, FrameRow, OrphanRow, RecorderRow, RunRow
from contract.names import blob_name
from contract.numbers import loads
from contract.retention import Prunable


class Part(Protocol):
    """Counts one kind of what a run has, and deletes it unless that is only a look."""

    def __call__(self, session: Session, run: RunRow, *, is_dry: bool) -> Prunable:
        """What the run loses."""


def ended_before(session: Session, moment: float) -> list[str]:
    """Ids of the runs that ended before that time (Unix s), oldest first."""
    query = select(RunRow.id).where(RunRow.status.in_(ENDED), RunRow.finished_at < moment)
    return list(session.scalars(query.order_by(RunRow.finished_at)))


def events(session: Session, run: RunRow, *, is_dry: bool) -> Prunable:
    """Scalar events, once the charts have their own copy of them all."""
    scalars = and_(EventRow.run == run.id, EventRow.kind == "scalars")
    n, last = session.execute(select(func.count(), func.max(EventRow.position)).where(scalars)).one()
    if not is_dry and n > 0:
        session.execute(select(RecorderRow.id).with_for_update())  # nothing is recorded beside this
        chunks.compact(session, run, max(last, run.compacted_position))
        session.execute(delete(EventRow).where(scalars, EventRow.position <= last))
    return Prunable(events=n)


def pictures(session: Session, run: RunRow, *, is_dry: bool) -> Prunable:
    """Every look but the last of each series, with its event, and the blobs that nothing shows any more."""
    later = aliased(FrameRow)
    last = select(func.max(later.step)).where(later.run == run.id, later.series == FrameRow.series).scalar_subquery()
    earlier = and_(FrameRow.run == run.id, FrameRow.step < last)
    n = session.scalar(select(func.count()).select_from(FrameRow).where(earlier)) or 0
    if not is_dry and n > 0:
        session.execute(select(RecorderRow.id).with_for_update())  # of two that end a blob's last uses, one must see it
        gone = select(FrameRow.position).where(earlier)
        session.execute(delete(EventRow).where(EventRow.run == run.id, EventRow.position.in_(gone)))
        session.execute(delete(FrameRow).where(earlier))
        _leave_blobs(session, run)
    return Prunable(pictures=n)


def _leave_blobs(session: Session, run: RunRow) -> None:
    left = session.scalars(select(EventRow.blob).where(EventRow.run == run.id, EventRow.blob.is_not(None)))
    shown = {loads(blob)["sha256"] for blob in left if blob is not None}
    used = session.scalars(select(BlobRow.sha256).where(BlobRow.run == run.id)).all()
    for sha256 in set(used) - shown:
        session.execute(delete(BlobRow).where(BlobRow.run == run.id, BlobRow.sha256 == sha256))
        if session.scalar(select(BlobRow.run).where(BlobRow.sha256 == sha256).limit(1)) is None:
            session.merge(OrphanRow(name=blob_name(sha256)))


def checkpoints(session: Session, run: RunRow, *, is_dry: bool) -> Prunable:
    """All but the newest one that the run can go on from."""
    own = and_(CheckpointRow.run == run.id, CheckpointRow.removed.is_(False))
    newest = select(func.max(CheckpointRow.step)).where(own, CheckpointRow.superseded.is_(False)).scalar_subquery()
    spare: ColumnElement[bool] = and_(own, or_(CheckpointRow.superseded, CheckpointRow.step < newest))
    rows = session.scalars(select(CheckpointRow).where(spare)).all()
    for row in () if is_dry else rows:
        session.merge(OrphanRow(name=row.name))
        row.removed = True
    return Prunable(checkpoints=len(rows), checkpoint_bytes=sum(row.size_bytes for row in rows))


PARTS: dict[str, Part] = {"events": events, "pictures": pictures, "checkpoints": checkpoints}
"""By the name that `contract.retention.Keep` has for it."""
