"""Sweeps: launching one spec with several values, comparing the runs, stopping those that are left."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Response

from api import sweeps
from api.cursors import list_cursor
from api.dependencies import Author, Reason, ServicesDep
from api.problems import (
    InvalidRequest,
    InvalidSpecRefused,
    KeyReused,
    LogFull,
    NoSuchSweep,
    NoWorkerYet,
    RedisAway,
    SqlAway,
    responses,
)
from api.store import sweeps as store
from api.store.newest_first import cursor_of
from contract.runs import Page
from contract.sweeps import CreateSweep, Sweep, SweepStop, SweepSummary

router = APIRouter(prefix="/sweeps", tags=["sweeps"], responses=responses(SqlAway, InvalidRequest))

Key = Annotated[str | None, Header(alias="Idempotency-Key", min_length=1, max_length=200)]

SweepPage = Page[SweepSummary]


@router.post(
    "",
    status_code=201,
    operation_id="create_sweep",
    responses=responses(InvalidSpecRefused, InvalidRequest, KeyReused, NoWorkerYet, RedisAway, SqlAway),
)
def create_sweep(serving: ServicesDep, body: CreateSweep, response: Response, idempotency_key: Key = None) -> Sweep:
    """Launch a run for each combination of the axes' values. The same Idempotency-Key makes one sweep.

    An axis is a place in the spec or a knob's name; its values are a list, or `{"from", "to", "count", "scale"?}`.
    Every spec is checked first: one that cannot run, and nothing is launched.
    """
    sweep = sweeps.create(serving, body, idempotency_key)
    response.headers["Location"] = f"/api/v1/sweeps/{sweep.id}"
    return sweep


@router.get("", operation_id="list_sweeps")
def list_sweeps(
    serving: ServicesDep,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str | None, Query(description="Cursor: `next` of the page before.")] = None,
) -> SweepPage:
    """Sweeps, newest first, each with how many of its runs are in which state."""
    with serving.database.read() as session:
        rows, has_more = store.page(session, after=list_cursor(after), limit=limit)
        found = store.summaries(session, rows)
    return SweepPage(items=found, next=cursor_of(found[-1]) if has_more else None)


@router.get("/{id}", operation_id="get_sweep", responses=responses(NoSuchSweep))
def get_sweep(serving: ServicesDep, id: str) -> Sweep:
    """A sweep: its axes, and each run with its values, state, last measurements and where its last samples are."""
    with serving.database.read() as session:
        return store.answer(session, store.find(session, id))


@router.post(
    "/{id}/stop", status_code=202, operation_id="stop_sweep", responses=responses(NoSuchSweep, LogFull, RedisAway)
)
def stop_sweep(serving: ServicesDep, id: str, author: Author, reason: Reason = None) -> SweepStop:
    """Ask every run of the sweep that has not ended to stop, those that wait first. Outcomes come as events."""
    return sweeps.stop(serving, id, author, reason)
