"""Runs: making, listing, reading, relabelling, deleting."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api import launch
from api.cursors import list_cursor
from api.dependencies import RunDep, ServicesDep
from api.problems import (
    HasForks,
    InvalidRequest,
    InvalidSpecRefused,
    KeyReused,
    NoSuchRun,
    NoSuchSweep,
    NoWorkerYet,
    RedisAway,
    RunActive,
    SqlAway,
    responses,
)
from api.store import overviews, runs, sweeps
from api.store.newest_first import cursor_of
from api.waiting import explain
from contract.events import Status
from contract.overview import RunList
from contract.runs import CreateRun, EditRun, Run

router = APIRouter(prefix="/runs", tags=["runs"], responses=responses(SqlAway, InvalidRequest))

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]

MOST_BUCKETS = 240


@router.post(
    "",
    status_code=201,
    operation_id="create_run",
    responses=responses(InvalidSpecRefused, InvalidRequest, KeyReused, NoWorkerYet, RedisAway, SqlAway),
)
def create_run(serving: ServicesDep, body: CreateRun, response: Response, idempotency_key: Key = None) -> Run:
    """Launch a run from a whole spec, or from a recipe with overrides. The same Idempotency-Key makes one run."""
    run = launch.create(serving, body, idempotency_key)
    explain(serving.redis, [run])
    response.headers["Location"] = f"/api/v1/runs/{run.id}"
    return run


@router.get("", operation_id="list_runs", responses=responses(NoSuchSweep))
def list_runs(
    serving: ServicesDep,
    status: Annotated[list[Status] | None, Query(description="Only runs in one of these states.")] = None,
    sweep: Annotated[str | None, Query(description="Only runs of this sweep.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(description="Cursor: `next` of the page before.")] = None,
    sparkline: Annotated[
        int, Query(ge=0, le=MOST_BUCKETS, description="Buckets of each run's sparkline; 0: no overviews.")
    ] = 0,
) -> RunList:
    """Runs, newest first; with `sparkline` also what a table shows of each besides."""
    with serving.database.read() as session:
        if sweep is not None:
            sweeps.find(session, sweep)
        rows, has_more = runs.page(session, statuses=status or (), sweep=sweep, after=list_cursor(after), limit=limit)
        found = runs.answers(session, rows)
        seen = overviews.of(session, rows, sparkline) if sparkline else {}
    explain(serving.redis, found)
    return RunList(items=found, next=cursor_of(found[-1]) if has_more else None, overviews=seen)


@router.get("/{id}", operation_id="get_run", responses=responses(NoSuchRun))
def get_run(serving: ServicesDep, run: RunDep) -> Run:
    """A run: its spec, its state, its knobs, and the cursor up to which all this is complete."""
    found = launch.read(serving, run)
    explain(serving.redis, [found])
    return found


@router.patch("/{id}", operation_id="edit_run", responses=responses(NoSuchRun))
def edit_run(serving: ServicesDep, run: RunDep, body: EditRun) -> Run:
    """Change the run's name, notes or tags; what is not given stays."""
    with serving.database.write() as session:
        runs.edit(session, run, body)
    return get_run(serving, run)


@router.delete("/{id}", status_code=204, operation_id="delete_run", responses=responses(NoSuchRun, RunActive, HasForks))
def delete_run(serving: ServicesDep, run: RunDep) -> Response:
    """Delete a run that is not active, with its history; its files follow as soon as the recorder gets to them."""
    with serving.database.write() as session:
        runs.remove(session, run)
    return Response(status_code=204)
