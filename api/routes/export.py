"""A run as one file: its numbers, its events, the spec that repeats it, or its page."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.database import Database
from api.dependencies import RunDep, ServicesDep
from api.problems import InvalidRequest, NoSuchRun, NotRepeatable, NoWorkerYet, RedisAway, SqlAway, responses
from api.replay import as_yaml, replay_of
from api.run_file import writing
from api.services import Services
from api.specs import catalogue_of
from api.store import events, runs, series

router = APIRouter(prefix="/runs/{id}/export", tags=["export"])

MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/x-ndjson",
    "yaml": "application/yaml",
    "html": "text/html; charset=utf-8",
}
ROWS_AT_ONCE = 500


@router.get(
    "",
    operation_id="export_run",
    response_class=StreamingResponse,
    responses={
        200: {"content": {media: {} for media in MEDIA_TYPES.values()}, "description": "The file."},
        **responses(NoSuchRun, InvalidRequest, NotRepeatable, NoWorkerYet, SqlAway, RedisAway),
    },
)
def export_run(
    serving: ServicesDep, run: RunDep, format: Annotated[Literal["csv", "jsonl", "yaml", "html"], Query()] = "csv"
) -> StreamingResponse:
    """The run as a file.

    csv: every scalar, one row a step, one column a series; jsonl: every event as it came, one a line; yaml: the spec
    with everything that was turned while the run went on, which launched again gives the same numbers; html: the run's
    page with its numbers and pictures in one file, which opens without a server.
    """
    match format:
        case "csv":
            lines = _csv(serving.database, run)
        case "jsonl":
            lines = _jsonl(serving.database, run)
        case "yaml":
            lines = iter([_yaml(serving, run)])
        case "html":
            lines = writing.written(serving, run)
    headers = {"Content-Disposition": f'attachment; filename="{run}.{format}"'}
    return StreamingResponse(lines, headers=headers, media_type=MEDIA_TYPES[format])


def _csv(database: Database, run: str) -> Iterator[str]:
    """An empty field: no point at that step. NaN and infinities are written as such, never left out."""
    with database.read() as session:
        row = runs.find(session, run)
        columns = ["step", *(name for name in series.names(session, row) if series.is_scalar(session, row, name))]
        buffer = io.StringIO()
        writer = csv.DictWriter(buffer, columns, restval="", lineterminator="\n")
        writer.writeheader()
        for number, values in enumerate(series.wide(session, row), start=1):
            writer.writerow(values)
            if number % ROWS_AT_ONCE == 0:
                yield _taken(buffer)
        yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text


def _yaml(serving: Services, run: str) -> str:
    catalogue = catalogue_of(serving.redis.catalogue())
    with serving.database.read() as session:
        row = runs.find(session, run)
        return as_yaml(replay_of(session, row, catalogue), row)


def _jsonl(database: Database, run: str) -> Iterator[str]:
    with database.read() as session:
        for event in events.every(session, run):
            yield event.model_dump_json() + "\n"
