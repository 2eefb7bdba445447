"""Live control: asking for knobs, giving commands, and what became of both."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query
from pydantic import WithJsonSchema

from api.cursors import AfterDep
from api.dependencies import Author, Reason, RunDep, ServicesDep
from api.positions import event_id_of
from api.problems import (
    ArtefactsAway,
    CheckpointReplaced,
    InvalidKnobs,
    InvalidRequest,
    LogFull,
    NoSuchCheckpoint,
    NoSuchRun,
    NoWorkerYet,
    RedisAway,
    RunEnded,
    RunMoved,
    RunParked,
    SqlAway,
    responses,
)
from api.requests import ask_knobs, give_command
from api.rewind import rewind
from api.store import ledger
from contract.ramps import Wish
from contract.runs import Accepted, GiveCommand, LedgerItem, Page

router = APIRouter(
    prefix="/runs/{id}", tags=["control"], responses=responses(NoSuchRun, SqlAway, RedisAway, InvalidRequest)
)

# Not KnobValue: pydantic would turn "0.5" into 0.5; the knob itself says what it takes.
Wanted = Annotated[Any, WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "boolean"}, Wish.model_json_schema()]})]
EXAMPLE = {"auxiliary.weight": 2.0}

LedgerPage = Page[LedgerItem]


@router.patch(
    "/knobs",
    status_code=202,
    operation_id="ask_for_knobs",
    responses=responses(NoSuchRun, InvalidKnobs, InvalidRequest, RunEnded, RunMoved, LogFull, RedisAway, SqlAway),
)
def ask_for_knobs(
    serving: ServicesDep,
    run: RunDep,
    body: Annotated[dict[str, Wanted], Body(examples=[EXAMPLE])],
    author: Author,
    reason: Reason = None,
) -> Accepted:
    """Ask for new values: all come into force at one step boundary. The trainer's answer comes as an event.

    A knob moves to its value over several steps where `{"to", "over", "shape"?}` stands in the value's place.
    """
    return ask_knobs(serving, run, body, author, reason)


@router.post(
    "/commands",
    status_code=202,
    operation_id="give_command",
    responses=responses(
        NoSuchRun,
        NoSuchCheckpoint,
        CheckpointReplaced,
        InvalidKnobs,
        InvalidRequest,
        NoWorkerYet,
        RunEnded,
        RunParked,
        RunMoved,
        LogFull,
        ArtefactsAway,
        RedisAway,
        SqlAway,
    ),
)
def post_command(
    serving: ServicesDep, run: RunDep, body: GiveCommand, author: Author, reason: Reason = None
) -> Accepted:
    """Pause, resume, step, stop, checkpoint, park or rewind the run. The outcome comes as an event.

    `rewind` takes `{"step"?, "knobs"?, "name"?}`: it stops the run and forks it from that checkpoint, or the newest
    one; the new run's id is in the outcome's `result`.
    """
    if body.command == "rewind":
        return rewind(serving, run, body, author, reason)
    return give_command(serving, run, body, author, reason)


@router.get("/ledger", operation_id="get_ledger")
def get_ledger(
    serving: ServicesDep, run: RunDep, after: AfterDep, limit: Annotated[int, Query(ge=1, le=10_000)] = 1000
) -> LedgerPage:
    """Who asked for what, when, and what became of it; oldest first. `limit` counts requests."""
    with serving.database.read() as session:
        items, further = ledger.page(session, run, after, limit)
    return LedgerPage(items=items, next=None if further is None else event_id_of(further))
