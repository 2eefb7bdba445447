"""Creating runs: check the spec, write the run, put it into the log and the queue.

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
from api.backend import Backend
from api.placement import check_place
from api.problems import KeyReused
from api.speaking import said
from api.specs import catalogue_of, checked
from api.store import runs
from api.tables import Base, IdempotencyRow, RunRow
from contract.components import Catalogue
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


def create(backend: Backend, asked: CreateRun, key: str | None) -> Run:
    """The run that was asked for; with an Idempotency-Key that was answered before, the run of that answer.

    Raises:
        InvalidSpecRefused: if the spec cannot run.
        NoWorkerYet: if nobody knows what can run.
        KeyReused: if the key came before with another request.
    """

    def prepared() -> Prepared:
        catalogue = catalogue_of(backend.redis.catalogue())
        spec = checked(asked, catalogue)
        check_place(backend, [spec])
        return Prepared(new_row(asked, spec, catalogue), spec)

    return once(backend, key, asked.model_dump_json(), prepared)


def once(backend: Backend, key: str | None, request: str, prepare: Callable[[], Prepared]) -> Run:
    """Write the run and queue it, unless this request was answered before.

    Args:
        backend: of this process.
        key: the request's Idempotency-Key.
        request: the whole request as text.
        prepare: makes the run; not called where the answer is known.

    Raises:
        KeyReused: if the key came before with another request.
        NoSuchRun: if it goes on from a run that was deleted meanwhile.
    """
    return read(backend, once_all(backend, key, request, lambda: [prepare()]))


def once_all(backend: Backend, key: str | None, request: str, prepare: Callable[[], Sequence[Prepared]]) -> str:
    """Write several runs, all or none, and queue them, unless this request was answered before.

    Args:
        backend: of this process.
        key: the request's Idempotency-Key.
        request: the whole request as text.
        prepare: makes the runs; not called where the answer is known.

    Returns:
        Id of the first of them.

    Raises:
        KeyReused: if the key came before with another request.
    """
    fingerprint = hashlib.sha256(request.encode()).hexdigest()
    earlier = _answered(backend, key, fingerprint)
    if earlier is not None:
        return earlier
    new = prepare()
    first = new[0].row.id
    try:
        with backend.database.write() as session:
            for each in new:
                runs.add(session, each.row)
            session.add_all([row for each in new for row in each.further])
            _remember(session, key, fingerprint, first)
    except IntegrityError:  # the same key, at the same moment, in another request
        _undo(new)
        return once_all(backend, key, request, prepare)
    except BaseException:
        _undo(new)
        raise
    for each in new:
        if not _queue(backend, each):
            break  # nor could those after it be queued: the reaper will
    return first


def read(backend: Backend, run: str) -> Run:
    """A run as it is now.

    Raises:
        NoSuchRun: if there is none of that id.
    """
    with backend.database.read() as session:
        return runs.answers(session, [runs.find(session, run)])[0]


def new_row(asked: CreateRun, spec: RunSpec, catalogue: Catalogue) -> RunRow:
    """A run of this spec, queued, with an id of its own."""
    return RunRow(
        id=secrets.token_hex(6),
        name=asked.name or asked.recipe or name_of(spec),
        spec=spec.model_dump_json(by_alias=True),
        recipe=asked.recipe,
        created_at=time.time(),
        status="queued",
        attempt=FIRST_ATTEMPT,
        steps=spec.steps,
        knobs=knobs.encode(knobs_of_spec(spec, catalogue)),
    )


def name_of(spec: RunSpec) -> str:
    """What a run is called that nobody has named."""
    return f"{spec.dataset.name}-{spec.network.name}-{spec.loss.name}"


def _undo(new: Sequence[Prepared]) -> None:
    for each in new:
        each.undo()


def _queue(backend: Backend, new: Prepared) -> bool:
    """Whether the run is in the log and in the queue."""
    row = new.row
    queued = said(row.id, FIRST_ATTEMPT, RunStatus(status="queued"), row.step)
    try:
        backend.redis.begin_attempt(row.id, FIRST_ATTEMPT - 1, (), (queued,))
    except RedisError as error:
        log.warning("run %s is not queued yet, the reaper will do it: %s", row.id, error)
        return False
    return backend.dispatcher.send(
        TrainJob(run=row.id, attempt=FIRST_ATTEMPT, name=row.name, spec=new.spec, resume=new.resume)
    )


def _remember(session: Session, key: str | None, fingerprint: str, run: str) -> None:
    if key is not None:
        now = time.time()
        session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < now - KEY_LIFE_S))
        session.add(IdempotencyRow(key=key, request_sha256=fingerprint, run=run, created_at=now))


def _answered(backend: Backend, key: str | None, fingerprint: str) -> str | None:
    """The run that a request was answered with.

    Raises:
        KeyReused: if the key came before with another request.
    """
    if key is None:
        return None
    with backend.database.read() as session:
        known = session.get(IdempotencyRow, key)
    if known is None:
        return None
    if known.request_sha256 != fingerprint:
        message = f"the Idempotency-Key {key!r} came before with another request; use a fresh one for each new run"
        raise KeyReused(message)
    return known.run
