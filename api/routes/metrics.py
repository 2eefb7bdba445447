"""Numbers about the server itself, as Prometheus reads them."""

import time
from collections.abc import Iterator

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from api.dependencies import ServicesDep
from api.positions import position_of
from api.problems import RedisAway, SqlAway, responses
from api.services import Services
from api.store import runs, state

router = APIRouter(prefix="/metrics", tags=["metrics"])

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MS = 20
"""Bits of a position below its milliseconds."""


@router.get(
    "",
    operation_id="get_metrics",
    response_class=PlainTextResponse,
    responses={200: {"content": {"text/plain": {}}}, **responses(RedisAway, SqlAway)},
)
def get_metrics(serving: ServicesDep) -> PlainTextResponse:
    """Events recorded, how far the recorder is behind, viewers, runs by state, workers: Prometheus text."""
    return PlainTextResponse("".join(_metrics(serving)), media_type=MEDIA_TYPE)


def _metrics(serving: Services) -> Iterator[str]:
    with serving.database.read() as session:
        n_events, cursor, by_status = (
            state.n_events(session),
            state.cursor_position(session),
            runs.count_by_status(session),
        )
    newest = position_of(serving.redis.last_id())
    yield _metric("events_recorded_total", "counter", "Events in the database.", {"": n_events})
    yield _metric("recorder_lag_seconds", "gauge", "Age of the oldest unrecorded event.", {"": _lag_s(cursor, newest)})
    yield _metric("log_entries", "gauge", "Entries in the Redis log.", {"": serving.redis.log_length()})
    yield _metric("viewers", "gauge", "Open live streams of this process.", {"": serving.hub.n_viewers})
    yield _metric("workers", "gauge", "Workers online.", {"": len(serving.redis.workers())})
    yield _metric(
        "runs", "gauge", "Runs by state.", {f'{{status="{name}"}}': n for name, n in sorted(by_status.items())}
    )


def _lag_s(cursor: int, newest: int) -> float:
    """At most: since the last recorded event, when there is a newer one."""
    return max(0.0, time.time() - (cursor >> _MS) / 1000) if cursor and newest > cursor else 0.0


def _metric(name: str, kind: str, meaning: str, values: dict[str, float]) -> str:
    lines = [f"modescope_{name}{labels} {value:g}\n" for labels, value in values.items()]
    return "".join([f"# HELP modescope_{name} {meaning}\n# TYPE modescope_{name} {kind}\n", *lines])
