"""Checkpoints: which there are, and their files."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from api.dependencies import RunDep, ServicesDep
from api.page import IMMUTABLE, etag_matches
from api.problems import ArtefactsAway, CheckpointReplaced, NoSuchCheckpoint, NoSuchRun, SqlAway, responses
from api.store import checkpoints
from api.tables import CheckpointRow
from contract.runs import Checkpoint, Page

router = APIRouter(prefix="/runs/{id}/checkpoints", tags=["checkpoints"], responses=responses(NoSuchRun, SqlAway))

SAFETENSORS = "application/octet-stream"

CheckpointPage = Page[Checkpoint]


@router.get("", operation_id="list_checkpoints")
def list_checkpoints(serving: ServicesDep, run: RunDep) -> CheckpointPage:
    """Checkpoints that are there and that the run's history leads to, newest first."""
    with serving.database.read() as session:
        return CheckpointPage(items=checkpoints.listed(session, run))


@router.get(
    "/{step}/file",
    operation_id="get_checkpoint_file",
    response_class=StreamingResponse,
    responses={
        200: {"content": {SAFETENSORS: {}}, "description": "The safetensors file."},
        **responses(NoSuchRun, NoSuchCheckpoint, CheckpointReplaced, ArtefactsAway),
    },
)
def get_checkpoint_file(
    serving: ServicesDep, request: Request, run: RunDep, step: Annotated[int, Path(ge=0, lt=2**62)]
) -> Response:
    """The checkpoint of a step, as safetensors; its settings are JSON in the file's metadata."""
    row = _present(serving, run, step)
    headers = {"ETag": f'"{row.sha256}"', "Cache-Control": IMMUTABLE}
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{run}-{step}.safetensors"'
    headers["Content-Length"] = str(row.size_bytes)
    return StreamingResponse(serving.artefacts.pieces(row.name), headers=headers, media_type=SAFETENSORS)


def _present(serving: ServicesDep, run: str, step: int) -> CheckpointRow:
    """The row of a checkpoint whose file is there.

    Raises:
        NoSuchCheckpoint: if there never was one of that step.
        CheckpointReplaced: if newer ones took its place.
        ArtefactsAway: if the artefact store does not answer.
    """
    with serving.database.read() as session:
        row = checkpoints.at_step(session, run, step)
        kept = ", ".join(str(one.step) for one in checkpoints.listed(session, run)) or "none"
    if row is None:
        raise NoSuchCheckpoint(f"run {run} has no checkpoint of step {step}; it has: {kept}")
    try:
        is_there = not row.removed and serving.artefacts.exists(row.name)
    except OSError as error:
        raise ArtefactsAway(f"the artefact store does not answer ({type(error).__name__}); try again") from error
    if not is_there:
        raise CheckpointReplaced(f"the checkpoint of step {step} was replaced by newer ones; run {run} has: {kept}")
    return row
