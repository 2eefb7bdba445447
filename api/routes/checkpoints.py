"""Checkpoints: which there are, and their files."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import StreamingResponse

from api import checkpoint_files
from api.dependencies import RunDep, ServicesDep
from api.page import IMMUTABLE, etag_matches
from api.problems import ArtefactsAway, CheckpointReplaced, NoSuchCheckpoint, NoSuchRun, SqlAway, responses
from api.store import checkpoints
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
    row = checkpoint_files.present(serving, run, step)
    headers = {"ETag": f'"{row.sha256}"', "Cache-Control": IMMUTABLE}
    if etag_matches(request, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{run}-{step}.safetensors"'
    headers["Content-Length"] = str(row.size_bytes)
    return StreamingResponse(serving.artefacts.pieces(row.name), headers=headers, media_type=SAFETENSORS)
