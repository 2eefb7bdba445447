"""Creating a run: check the spec, write the run, put it into the log and the queue.

Once the run is in SQL it will be trained: whatever fails after that, the reaper does again.
"""

import hashlib
import logging
import secrets
import time

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
from api.tables import IdempotencyRow, RunRow
from contract.events import RunStatus
from contract.jobs import TrainJob
from contract.resolve import knobs_of_spec
from contract.runs import CreateRun, Run
from contract.spec import RunSpec

log = logging.getLogger(__name__)
KEY_LIFE_S = 24 * 3600.0
FIRST_ATTEMPT = 1


def create(services: Services, asked: CreateRun, key: str | None) -> Run:
    """The run that was asked for; with an Idempotency-Key that was answered before, the run of that answer.

    Raises:
        InvalidSpecRefused: if the spec cannot run.
        NoWorkerYet: if nobody knows what can run.
        KeyReused: if the key came before with another request.
    """
    fingerprint = hashlib.sha256(asked.model_dump_json().encode()).hexdigest()
    earlier = _answered(services, key, fingerprint)
    if earlier is not None:
        return earlier
    catalogue = catalogue_of(services.redis.catalogue())
    spec = checked(asked, catalogue)
    row = _row(asked, spec, knobs.encode(knobs_of_spec(spec, catalogue)))
    try:
        with services.database.write() as session:
            session.add(row)
            session.flush()
            _remember(session, key, fingerprint, row.id)
    except IntegrityError:  # the same key, at the same moment, in another request
        return create(services, asked, key)
    _queue(services, row, spec)
    return read(services, row.id)


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


def _queue(services: Services, row: RunRow, spec: RunSpec) -> None:
    queued = said(row.id, FIRST_ATTEMPT, RunStatus(status="queued"), 0)
    try:
        services.redis.begin_attempt(row.id, FIRST_ATTEMPT - 1, (), (queued,))
    except RedisError as error:
        log.warning("run %s is not queued yet, the reaper will do it: %s", row.id, error)
        return
    services.dispatcher.send(TrainJob(run=row.id, attempt=FIRST_ATTEMPT, name=row.name, spec=spec))


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
