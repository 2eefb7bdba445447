"""Creating a run: check the spec, write the run, put it into the log and the queue.

Once the run is in SQL it will be trained: whatever fails after that, the reaper does again.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from redis.exceptions import RedisError
from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from api import knobs
from api.problems import KeyReused
from api.services import Services
from api.speaking import said
from api.specs import catalogue_of, checked
from api.store import runs
from api.tables import Base, IdempotencyRow, RunRow
from contract.events import RunStatus
from contract.jobs import Resume, TrainJob
from contract.resolve import knobs_of_spec
from contract.runs import CreateRun, Run
from contract.spec import RunSpec

log = logging.getLogger(__name__)
KEY_LIFE_S = 24 * 3600.0
FIRST_ATTEMPT = 1


@dataclass(frozen=True)
class Prepared:
    """A run that is about to be written."""

    row: RunRow
    spec: RunSpec
    resume: Resume | None = None
    """What it goes on from."""
    further: Sequence[Base] = ()
    """Rows that are written with it."""
    undo: Callable[[], None] = lambda: None
    """Takes back what was done outside of SQL."""


def create(services: Services, asked: CreateRun, key: str | None) -> Run:
    """The run that was asked for; with an Idempotency-Key that was answered before, the run of that answer.

    Raises:
        InvalidSpecRefused: if the spec cannot run.
        NoWorkerYet: if nobody knows what can run.
        KeyReused: if the key came before with another request.
    """

    def prepared() -> Prepared:
        catalogue = catalogue_of(services.redis.catalogue())
        spec = checked(asked, catalogue)
        return Prepared(_row(asked, spec, knobs.encode(knobs_of_spec(spec, catalogue))), spec)

    return once(services, key, asked.model_dump_json(), prepared)


def once(services: Services, key: str | None, request: str, prepare: Callable[[], Prepared]) -> Run:
    """Write the run and queue it, unless this request was answered before.

    Args:
        services: of this process.
        key: the request's Idempotency-Key.
        request: the whole request as text.
        prepare: makes the run; not called where the answer is known.

    Raises:
        KeyReused: if the key came before with another request.
        NoSuchRun: if it goes on from a run that was deleted meanwhile.
    """
    fingerprint = hashlib.sha256(request.encode()).hexdigest()
    earlier = _answered(services, key, fingerprint)
    if earlier is not None:
        return earlier
    new = prepare()
    run = new.row.id
    try:
        with services.database.write() as session:
            runs.add(session, new.row)
            session.add_all(new.further)
            _remember(session, key, fingerprint, run)
    except IntegrityError:  # the same key, at the same moment, in another request
        new.undo()
        return once(services, key, request, prepare)
    except BaseException:
        new.undo()
        raise
    _queue(services, new)
    return read(services, run)


def read(services: Services, run: str) -> Run:
    """A run as it is now.

    Raises:
        NoSuchRun: if there is none of that id.
    """
    with services.database.read() as session:
        return runs.answers(session, [runs.find(session, run)])[0]


def _row(asked: CreateRun, spec: RunSpec, known_knobs: str) -> RunRow:
    name = asked.name or asked.recipe or f"{spec.dataset.name}-{spec.network.name}-{spec.loss.name}"
    return RunRow(
        id=secrets.token_hex(6),
        name=name,
        spec=spec.model_dump_json(by_alias=True),
        recipe=asked.recipe,
        created_at=time.time(),
        status="queued",
        attempt=FIRST_ATTEMPT,
        steps=spec.steps,
        knobs=known_knobs,
    )


def _queue(services: Services, new: Prepared) -> None:
    row = new.row
    queued = said(row.id, FIRST_ATTEMPT, RunStatus(status="queued"), row.step)
    try:
        services.redis.begin_attempt(row.id, FIRST_ATTEMPT - 1, (), (queued,))
    except RedisError as error:
        log.warning("run %s is not queued yet, the reaper will do it: %s", row.id, error)
        return
    services.dispatcher.send(
        TrainJob(run=row.id, attempt=FIRST_ATTEMPT, name=row.name, spec=new.spec, resume=new.resume)
    )


def _remember(session: Session, key: str | None, fingerprint: str, run: str) -> None:
    if key is not None:
        now = time.time()
        session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - KEY_LIFE_S))
        session.add(IdempotencyRow(key=key, request_sha256=fingerprint, run=run, created_at=now))


def _answered(services: Services, key: str | None, fingerprint: str) -> Run | None:
    if key is None:
        return None
    with services.database.read() as session:
        known = session.get(IdempotencyRow, key)
    if known is None:
        return None
    if known.request_sha256 != fingerprint:
        message = f"the Idempotency-Key {key!r} came before with another request; use a fresh one for each new run"
        raise KeyReused(message)
    return read(services, known.run)
