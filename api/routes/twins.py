"""Twins: what a run would be without one change."""

from fastapi import APIRouter

from api.dependencies import Author, RunDep, ServicesDep
from api.problems import (
    ArtefactsAway,
    CheckpointReplaced,
    InvalidRequest,
    NoSuchChange,
    NoSuchCheckpoint,
    NoSuchRun,
    NoWorkerYet,
    RedisAway,
    SqlAway,
    responses,
)
from api.twin import twins
from contract.runs import MakeTwins, Twins

router = APIRouter(prefix="/runs/{id}/twins", tags=["runs"], responses=responses(NoSuchRun, SqlAway, InvalidRequest))


@router.post(
    "",
    status_code=201,
    operation_id="twin_run",
    responses=responses(NoSuchChange, NoSuchCheckpoint, CheckpointReplaced, NoWorkerYet, ArtefactsAway, RedisAway),
)
def twin_run(serving: ServicesDep, run: RunDep, body: MakeTwins, author: Author) -> Twins:
    """Launch what this run would be without one change: from the checkpoint before it, same seed, all else the same.

    With it come twins with other seeds: what differs no more than they do is noise. They are forks of this run, and
    asked for again they are the same ones.
    """
    return twins(serving, run, body, author)
