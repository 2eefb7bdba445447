"""Events as SQL keeps them."""

from collections.abc import Collection, Iterator
from typing import TypeVar

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from api.positions import event_id_of
from api.tables import EventRow
from contract.events import Envelope
from contract.numbers import loads

BATCH = 500
R = TypeVar("R")


def envelope(row: EventRow) -> Envelope:
    """The event of a row, as it came."""
    return Envelope(
        id=event_id_of(row.position),
        run=row.run,
        attempt=row.attempt,
        source=row.source,
        seq=row.seq,
        step=row.step,
        time=row.time,
        kind=row.kind,
        body=loads(row.body),
        blob=None if row.blob is None else loads(row.blob),
    )


def page(
    session: Session, run: str, *, after: int, limit: int, kinds: Collection[str] = ()
) -> tuple[list[Envelope], int | None]:
    """Events of a run after a position, oldest first, and the position to go on from; `kinds` takes only those."""
    query = select(EventRow).where(EventRow.run == run, EventRow.position > after)
    if kinds:
        query = query.where(EventRow.kind.in_(kinds))
    rows = session.scalars(query.order_by(EventRow.position).limit(limit + 1)).all()
    shown = rows[:limit]
    return [envelope(row) for row in shown], shown[-1].position if len(rows) > limit else None


def every(session: Session, run: str) -> Iterator[Envelope]:
    """All events of a run, oldest first, read in batches."""
    after = 0
    while rows := session.scalars(_of_run(run, after).limit(BATCH)).all():
        yield from (envelope(row) for row in rows)
        after = rows[-1].position
        session.expunge_all()


def between(session: Session, runs: Collection[str] | None, after: int, before: int, limit: int) -> list[Envelope]:
    """Events of some runs (None: of all) between two positions, both excluded, oldest first."""
    query = _between(select(EventRow), runs, after, before).order_by(EventRow.position).limit(limit)
    return [envelope(row) for row in session.scalars(query)]


def _of_run(run: str, after: int) -> Select[EventRow]:
    return select(EventRow).where(EventRow.run == run, EventRow.position > after).order_by(EventRow.position)


def _between(query: Select[R], runs: Collection[str] | None, after: int, before: int) -> Select[R]:
    query = query.where(EventRow.position > after, EventRow.position < before)
    return query if runs is None else query.where(EventRow.run.in_(runs))
