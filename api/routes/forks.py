"""Forks: runs that go on from another one's checkpoint."""

from typing import Annotated

from fastapi import APIRouter, Header, Response

from api.dependencies import Author, Reason, RunDep, ServicesDep
from api.fork import fork
from api.problems import (
    ArtefactsAway,
    CheckpointReplaced,
    InvalidKnobs,
    InvalidRequest,
    InvalidSpecRefused,
    KeyReused,
    NoSuchCheckpoint,
    NoSuchRun,
    NoWorkerYet,
    RedisAway,
    SqlAway,
    responses,
)
from api.store import runs
from api.waiting import explain
from contract.runs import ForkRun, Page, Run

router = APIRouter(prefix="/runs/{id}/forks", tags=["runs"], responses=responses(NoSuchRun, SqlAway, InvalidRequest))

ForkPage = Page[Run]


@router.post(
    "",
    status_code=201,
    operation_id="fork_run",
    responses=responses(
        NoSuchRun,
        NoSuchCheckpoint,
        CheckpointReplaced,
        InvalidSpecRefused,
        InvalidKnobs,
        InvalidRequest,
        KeyReused,
        NoWorkerYet,
        ArtefactsAway,
        RedisAway,
        SqlAway,
    ),
)
def fork_run(
    serving: ServicesDep,
    run: RunDep,
    body: ForkRun,
    response: Response,
    author: Author,
    reason: Reason = None,
    idempotency_key: Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)] = None,
) -> Run:
    """Launch a run that goes on from a checkpoint of this one, with other knobs or params if wanted.

    Up to the checkpoint its series are this run's. Without any change, and with the same seed, it repeats it.
    """
    new = fork(serving, run, body, author, reason, idempotency_key)
    explain(serving.redis, [new])
    response.headers["Location"] = f"/api/v1/runs/{new.id}"
    return new


@router.get("", operation_id="list_forks")
def list_forks(serving: ServicesDep, run: RunDep) -> ForkPage:
    """The runs that go on from a checkpoint of this one, oldest first."""
    with serving.database.read() as session:
        found = runs.answers(session, runs.forks(session, run))
    explain(serving.redis, found)
    return ForkPage(items=found)
