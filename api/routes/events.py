"""Events: the live stream, and the same events paged."""

from collections.abc import Collection
from typing import Annotated

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from api.cursors import AfterDep, checked
from api.dependencies import RunDep, ServicesDep
from api.positions import event_id_of
from api.problems import InvalidRequest, NoSuchRun, SqlAway, responses
from api.store import events
from api.stream import Joining
from contract.events import EventPage

router = APIRouter(tags=["events"], responses=responses(InvalidRequest))

HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
LastId = Annotated[str | None, Header(alias="Last-Event-ID")]


@router.get(
    "/events",
    operation_id="stream_events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Server-Sent Events until one side ends."}},
)
async def stream_events(
    serving: ServicesDep,
    runs: Annotated[str | None, Query(description="Ids of runs, with commas. Left out: all runs.")] = None,
    after: Annotated[str | None, Query(description="Event id to go on from. Left out: from now on.")] = None,
    last_event_id: LastId = None,
) -> StreamingResponse:
    """Events as they happen: `id:` is the cursor, `event:` the kind, `data:` the event as JSON.

    After a reconnect the browser's `Last-Event-ID` wins over `after`. `event: reset` says that too much happened
    since: read the runs anew; the stream goes on from what they then show. `event: resync`, followed by the end,
    says that this viewer fell behind: connect again.
    """
    start = last_event_id or after
    if start is not None:
        checked(start, "Last-Event-ID" if last_event_id else "after")
    wanted = None if runs is None else [run for run in runs.split(",") if run]
    joining = Joining(serving.hub, serving.log, serving.database)
    return StreamingResponse(joining.frames(wanted, start), headers=HEADERS, media_type="text/event-stream")


@router.get("/runs/{id}/events", operation_id="list_events", responses=responses(NoSuchRun, SqlAway))
def list_events(
    serving: ServicesDep,
    run: RunDep,
    after: AfterDep,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    kind: Annotated[list[str] | None, Query(description="Only events of these kinds.")] = None,
) -> EventPage:
    """The run's recorded events, oldest first."""
    return page(serving, run, after, limit, kind or ())


@router.get("/runs/{id}/alarms", tags=["alarms"], operation_id="list_alarms", responses=responses(NoSuchRun, SqlAway))
def list_alarms(
    serving: ServicesDep, run: RunDep, after: AfterDep, limit: Annotated[int, Query(ge=1, le=5000)] = 1000
) -> EventPage:
    """The alarms that were raised and cleared, with their evidence, and what each guard could watch; oldest first."""
    return page(serving, run, after, limit, ("alarm.raised", "alarm.cleared", "guard.state"))


def page(serving: ServicesDep, run: str, after: int, limit: int, kinds: Collection[str]) -> EventPage:
    """Some events of a run, and where to go on."""
    with serving.database.read() as session:
        items, further = events.page(session, run, after=after, limit=limit, kinds=kinds)
    return EventPage(items=items, next=None if further is None else event_id_of(further))
