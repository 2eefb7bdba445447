"""What SQL says of requests and their outcomes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.knobs import value
from api.tables import LedgerRow, RunRow
from contract.runs import LedgerItem

ENDED = ("finished", "stopped", "failed")
"""States that a run does not leave: what was asked and not answered is lost."""


def page(session: Session, run: str, after: int, limit: int) -> tuple[list[LedgerItem], int | None]:
    """The requests after a position, oldest first, and the position to go on from."""
    asked_at = select(LedgerRow.asked_position).where(LedgerRow.run == run, LedgerRow.asked_position > after)
    positions = session.scalars(asked_at.distinct().order_by(LedgerRow.asked_position).limit(limit + 1)).all()
    shown = positions[:limit]
    rows = session.scalars(
        select(LedgerRow)
        .where(LedgerRow.run == run, LedgerRow.asked_position.in_(shown))
        .order_by(LedgerRow.asked_position, LedgerRow.name)
    )
    return [item(row) for row in rows], shown[-1] if len(positions) > limit else None


def applied(session: Session, runs: Iterable[str]) -> Mapping[str, list[LedgerRow]]:
    """Run → its applied knob changes, in the order in which they came into force."""
    query = select(LedgerRow).where(
        LedgerRow.run.in_(list(runs)), LedgerRow.kind == "knob", LedgerRow.outcome == "applied"
    )
    return _by_run(session.scalars(query.order_by(LedgerRow.step, LedgerRow.outcome_position)).all())


def unanswered(session: Session, runs: Iterable[str]) -> Mapping[str, list[LedgerRow]]:
    """Run → its requests without an outcome, oldest first."""
    query = select(LedgerRow).where(LedgerRow.run.in_(list(runs)), LedgerRow.outcome.is_(None))
    return _by_run(session.scalars(query.order_by(LedgerRow.asked_position)).all())


def answered(session: Session, run: str) -> list[str]:
    """Ids of the run's requests that have their outcome."""
    waiting = select(LedgerRow.request_id).where(LedgerRow.run == run, LedgerRow.outcome.is_(None))
    query = select(LedgerRow.request_id).where(LedgerRow.run == run, LedgerRow.request_id.not_in(waiting)).distinct()
    return list(session.scalars(query.order_by(LedgerRow.request_id)))


def unanswerable(session: Session) -> Sequence[LedgerRow]:
    """Requests without an outcome whose run has ended; of a parked run its commands, which would obey it again."""
    query = select(LedgerRow).join(RunRow, RunRow.id == LedgerRow.run).where(LedgerRow.outcome.is_(None))
    is_stale = RunRow.status.in_(ENDED) | ((RunRow.status == "parked") & (LedgerRow.kind == "command"))
    return session.scalars(query.where(is_stale)).all()


def item(row: LedgerRow) -> LedgerItem:
    """A row as the API says it."""
    return LedgerItem(
        request_id=row.request_id,
        kind="knob" if row.kind == "knob" else "command",
        name=row.name,
        old=value(row.old),
        new=value(row.new),
        over=row.over,
        shape=row.shape,
        author=row.author,
        reason=row.reason,
        asked_at=row.asked_at,
        outcome=row.outcome,
        outcome_reason=row.outcome_reason,
        step=row.step,
        latency_ms=row.latency_ms,
    )


def _by_run(rows: Sequence[LedgerRow]) -> Mapping[str, list[LedgerRow]]:
    found: defaultdict[str, list[LedgerRow]] = defaultdict(list)
    for row in rows:
        found[row.run].append(row)
    return found
