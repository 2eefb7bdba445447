"""Carries out the rewinds that rules ask for: a trainer cannot fork its own run, and waits, paused, for its end."""

import logging

from sqlalchemy import select
from sqlalchemy.orm import Session

from api.backend import Backend
from api.problems import STATUS, Refused
from api.rewind import forked, leave
from api.speaking import said
from api.tables import EventRow, LedgerRow, RunRow
from contract.events import CommandAsked, CommandRefused
from contract.numbers import loads

log = logging.getLogger(__name__)

MOST_IN_A_ROW = 3
"""Rewinds by rules along one line of forks: what collapses again each time would go on for ever."""
PASSES = 500
"""HTTP statuses from this on say that a store is away: the next look tries again."""


class Rewinds:
    """Looks for them, once a second. Whatever it was doing when it ended, another look does again, to the same end."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def look(self) -> None:
        """Carry out what is asked, or say why not."""
        with self._backend.database.read() as session:
            waiting = [(row, _earlier(session, row.run)) for row in session.scalars(_ASKED_BY_TRAINERS)]
        for event, earlier in waiting:
            self._carry_out(event, CommandAsked.model_validate(loads(event.body)), earlier)

    def _carry_out(self, event: EventRow, asked: CommandAsked, earlier: int) -> None:
        try:
            if earlier >= MOST_IN_A_ROW:
                self._refuse(event, asked, f"{earlier} rewinds led here, and it came again; the run stays paused")
                return
            row, new = forked(self._backend, event.run, asked)
        except Refused as refused:
            if STATUS[type(refused)] >= PASSES:
                log.warning("run %s is not rewound yet: %s", event.run, refused.detail)
            else:
                self._refuse(event, asked, f"{refused.detail}; the run stays paused")
            return
        leave(self._backend, row, asked, new)
        log.info("run %s is rewound into %s, as %s asked", event.run, new.id, asked.author)

    def _refuse(self, event: EventRow, asked: CommandAsked, reason: str) -> None:
        body = CommandRefused(request_id=asked.request_id, command="rewind", reason=reason)
        attempt = self._backend.redis.attempt(event.run) or event.attempt
        self._backend.redis.append(said(event.run, attempt, body, event.step))


_ASKED_BY_TRAINERS = (
    select(EventRow)
    .join(LedgerRow, (LedgerRow.run == EventRow.run) & (LedgerRow.asked_position == EventRow.position))
    .where(LedgerRow.kind == "command", LedgerRow.name == "rewind", LedgerRow.outcome.is_(None))
    .where(EventRow.source == "trainer")
)


def _earlier(session: Session, run: str) -> int:
    """How many runs of its line were rewound by a rule before it."""
    found = 0
    row = session.get(RunRow, run)
    while row is not None and row.parent is not None:
        applied = select(LedgerRow).where(
            LedgerRow.run == row.parent,
            LedgerRow.name == "rewind",
            LedgerRow.outcome == "applied",
            LedgerRow.author.startswith("rule "),
        )
        if session.scalars(applied.limit(1)).first() is None:
            break
        found += 1
        row = session.get(RunRow, row.parent)
    return found
