"""A run's numbers as one file."""

import csv
import io
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from fastapi.responses import StreamingResponse

from api.database import Database
from api.dependencies import RunDep, ServicesDep
from api.problems import InvalidRequest, NoSuchRun, SqlAway, responses
from api.store import events, runs, series

router = APIRouter(prefix="/runs/{id}/export", tags=["export"])

MEDIA_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/x-ndjson"}
ROWS_AT_ONCE = 500


@router.get(
    "",
    operation_id="export_run",
    response_class=StreamingResponse,
    responses={
        200: {"content": {"text/csv": {}, "application/x-ndjson": {}}, "description": "The file."},
        **responses(NoSuchRun, InvalidRequest, SqlAway),
    },
)
def export_run(
    serving: ServicesDep, run: RunDep, format: Annotated[Literal["csv", "jsonl"], Query()] = "csv"
) -> StreamingResponse:
    """csv: every scalar, one row a step, one column a series; jsonl: every event as it came, one a line."""
    lines = _csv(serving.database, run) if format == "csv" else _jsonl(serving.database, run)
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


def _jsonl(database: Database, run: str) -> Iterator[str]:
    with database.read() as session:
        for event in events.every(session, run):
            yield event.model_dump_json() + "\n"
