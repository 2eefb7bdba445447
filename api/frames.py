"""One picture, or one measurement of points or a spectrum: from SQL and the artefact store, else from the log."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from api.page import IMMUTABLE, REVALIDATE, etag_matches
from api.positions import event_id_of
from api.problems import ArtefactsAway, NoSuchStep
from api.services import Services
from api.store import events, runs, series
from api.store.state import cursor_position
from contract.events import Envelope, from_fields
from contract.names import blob_name
from contract.numbers import dumps, shown

log = logging.getLogger(__name__)
BATCH = 200


@dataclass(frozen=True)
class Wanted:
    """Which measurement."""

    run: str
    series: str
    step: int
    sha256: str | None
    """The picture's hash, if the asker knows it."""


@dataclass(frozen=True)
class Found:
    """A measurement, and its picture if it has one."""

    event: Envelope
    picture: bytes | None


def response(services: Services, request: Request, wanted: Wanted) -> Response:
    """The picture, or the measurement as JSON.

    Raises:
        NoSuchStep: if the series has none at that step.
        ArtefactsAway: if the artefact store does not give the picture.
    """
    found = _recorded(services, wanted) or _streamed(services, wanted)
    if found is None:
        detail = f"series {shown(wanted.series)} of run {wanted.run} has no measurement at step {wanted.step}"
        raise NoSuchStep(f"{detail}; GET the series for the steps that it has")
    if found.event.blob is None or found.picture is None or _wants_json(request):
        return Response(dumps(found.event.body), media_type="application/json", headers={"Vary": "Accept"})
    etag = f'"{found.event.blob.sha256}"'
    lasting = wanted.sha256 == found.event.blob.sha256
    headers = {"ETag": etag, "Vary": "Accept", "Cache-Control": IMMUTABLE if lasting else REVALIDATE}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(found.picture, headers=headers, media_type=found.event.blob.media_type)


def _wants_json(request: Request) -> bool:
    accept = request.headers.get("accept", "")
    return "application/json" in accept and "image/" not in accept


def _recorded(services: Services, wanted: Wanted) -> Found | None:
    with services.database.read() as session:
        row = series.frame(session, runs.find(session, wanted.run), wanted.series, wanted.step)
        event = None if row is None else events.envelope(row)
    if event is None:
        return None
    return Found(event, None if event.blob is None else _picture(services, event.blob.sha256))


def _picture(services: Services, sha256: str) -> bytes:
    """The bytes of a recorded picture.

    Raises:
        ArtefactsAway: if the artefact store does not have it, or does not answer.
    """
    try:
        return services.artefacts.get(blob_name(sha256))
    except OSError as error:
        log.warning("picture %s cannot be read: %s", sha256, error)
        detail = "the artefact store does not answer, or has lost this picture; try again, or look at its files"
        raise ArtefactsAway(detail) from error


def _streamed(services: Services, wanted: Wanted) -> Found | None:
    """The newest such event that the log has and SQL does not have yet."""
    with services.database.read() as session:
        after = event_id_of(cursor_position(session))
    found = None
    while entries := services.redis.read_log(after, BATCH):
        for entry_id, fields in entries:
            event = _matching(entry_id, fields, wanted)
            found = found if event is None else Found(event, fields.get(b"blob"))
        after = entries[-1][0]
    return found


def _matching(entry_id: str, fields: Mapping[bytes, bytes], wanted: Wanted) -> Envelope | None:
    """The event of an entry, if it is the wanted measurement."""
    if fields.get(b"run") != wanted.run.encode() or fields.get(b"kind") == b"scalars":
        return None
    try:
        event = from_fields(entry_id, fields)
    except (ValueError, KeyError, TypeError):
        return None  # the recorder will keep it raw and say so
    return event if event.step == wanted.step and event.body.get("series") == wanted.series else None
