"""The reaper: finds runs that nobody trains any more and queues them again, and answers what nobody will answer.

It acts only on what it is sure of: while its own connection to Redis is young, a missing lease says nothing.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from api.artefacts import Artefacts
from api.database import Database
from api.knobs import value
from api.recorder.timing import Timing
from api.redis_store.store import RedisStore
from api.requeue import Requeuer, resume_of
from api.speaking import said
from api.store import ledger, runs
from api.tables import BlobRow, LedgerRow, OrphanRow, RunRow
from contract.events import CommandLost, KnobLost, KnobRequest, RunStatus
from contract.names import task_id

log = logging.getLogger(__name__)

MOST_LOSSES = 3
"""Losses in a row, without a newer checkpoint, after which a run has failed."""
TRAINED = ("starting", "running", "paused")
LOOKED_AFTER = ("queued", "lost", *TRAINED)


@dataclass(frozen=True)
class Sight:
    """A run as a look found it; the same sight again means that nothing has moved."""

    run: str
    attempt: int
    status: str


class Reaper:
    """Looks after the runs, once a second."""

    def __init__(
        self, database: Database, redis: RedisStore, artefacts: Artefacts, requeue: Requeuer, timing: Timing
    ) -> None:
        self._database = database
        self._redis = redis
        self._artefacts = artefacts
        self._requeue = requeue
        self._timing = timing
        self._connected_at = time.monotonic()
        self._missing_since: dict[Sight, float] = {}

    def connection_broke(self) -> None:
        """Forget everything that was seen: leases may have run out while nobody could renew them."""
        self._connected_at = time.monotonic()
        self._missing_since.clear()

    def look(self) -> None:
        """Do what is to be done for runs without a trainer. SQL must have all that the log had just before."""
        with self._database.read() as session:
            rows = runs.with_status(session, LOOKED_AFTER)
            unanswered = ledger.unanswerable(session)
            orphans = session.scalars(select(OrphanRow.name)).all()
        for row in rows:
            if row.status == "lost" or row.status_source != "api":
                self._settle(row)
        self._watch([row for row in rows if row.status in TRAINED or _awaits_worker(row)])
        self._answer(unanswered)
        self._remove(orphans)

    def _settle(self, row: RunRow) -> None:
        """What needs no second look: somebody has said it. While the old lease lasts nobody could take the run."""
        if self._redis.leased(row.id):
            return
        if row.status == "queued" and row.status_source != "api":
            self._again(row, row.reason or "handed back by its worker")
        elif row.status == "lost" and row.losses >= MOST_LOSSES:
            self._give_up(row)
        elif row.status == "lost":
            self._again(row, f"lost ({row.reason or 'no reason was given'}); loss {row.losses} of {MOST_LOSSES}")

    def _watch(self, rows: Sequence[RunRow]) -> None:
        """What needs a second look: nobody holds the run, and nobody has said why."""
        now = time.monotonic()
        steady_s = min(now - self._connected_at, self._redis.uptime_s())
        if steady_s < self._timing.grace_s:
            self._missing_since.clear()
            return
        line = set(self._redis.queued_tasks()) if any(row.status == "queued" for row in rows) else set()
        missing = {}
        for row in rows:
            if not self._redis.leased(row.id) and task_id(row.id, row.attempt) not in line:
                sight = Sight(row.id, row.attempt, row.status)
                missing[sight] = self._missing_since.get(sight, now)
                self._act_if_sure(row, now - missing[sight])
        self._missing_since = missing

    def _act_if_sure(self, row: RunRow, missing_s: float) -> None:
        if row.status == "queued" and missing_s >= self._timing.unclaimed_s:
            self._again(row, "its message to the workers was lost")
        elif row.status != "queued" and missing_s >= self._timing.lost_s:
            reason = "its worker stopped renewing the lease: the machine, the worker or the network is gone"
            self._redis.append(said(row.id, row.attempt, RunStatus(status="lost", reason=reason), row.step))
            log.warning("run %s is lost: %s", row.id, reason)

    def _again(self, row: RunRow, reason: str) -> None:
        with self._database.read() as session:
            resume = resume_of(session, row, paused=row.was_paused)
        if self._requeue(row, resume, reason=reason):
            log.info("run %s is queued again as attempt %d: %s", row.id, row.attempt + 1, reason)

    def _give_up(self, row: RunRow) -> None:
        reason = f"lost {row.losses} times in a row without a newer checkpoint; the last time: {row.reason}"
        failed = said(row.id, row.attempt + 1, RunStatus(status="failed", reason=reason), row.step)
        if self._redis.begin_attempt(row.id, row.attempt, (), (failed,)):
            log.warning("run %s has failed: %s", row.id, reason)

    def _answer(self, rows: Sequence[LedgerRow]) -> None:
        """Requests of runs that have ended get their outcome from us."""
        by_request: defaultdict[tuple[str, str], list[LedgerRow]] = defaultdict(list)
        for row in rows:
            by_request[row.run, row.request_id].append(row)
        for (run, request), parts in by_request.items():
            attempt = self._redis.attempt(run) or 1
            self._redis.append(said(run, attempt, _lost(request, parts)))

    def _remove(self, orphans: Sequence[str]) -> None:
        """Remove files of deleted runs and replaced checkpoints; a picture that a run still uses stays."""
        for name in orphans:
            with self._database.read() as session:
                is_used = session.scalar(select(BlobRow.run).where(BlobRow.sha256 == name.rpartition("/")[2]).limit(1))
            if is_used is None:
                self._artefacts.delete(name)
            is_whole_run = name.startswith("runs/") and name.endswith("/")  # and not one checkpoint of a live run
            if is_whole_run:
                self._redis.forget(name.split("/")[1])
            with self._database.write() as session:
                row = session.get(OrphanRow, name)
                if row is not None:
                    session.delete(row)


def _awaits_worker(row: RunRow) -> bool:
    return row.status == "queued" and row.status_source == "api"


def _lost(request: str, parts: Sequence[LedgerRow]) -> KnobLost | CommandLost:
    reason = "the run ended before this was answered"
    if parts[0].kind == "command":
        return CommandLost.model_validate({"request_id": request, "command": parts[0].name, "reason": reason})
    asked = [KnobRequest(name=part.name, value=wish) for part in parts if (wish := value(part.new)) is not None]
    return KnobLost(request_id=request, knobs=asked, reason=reason)
