"""One's own pictures: uploading a set, listing what was uploaded, deleting it."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api import uploads
from api.dependencies import ServicesDep
from api.problems import (
    ArtefactsAway,
    BadUpload,
    DatasetInUse,
    InvalidRequest,
    NoSuchDataset,
    SqlAway,
    TooLarge,
    responses,
)
from contract.runs import Name, Page
from contract.uploads import ID, LONGEST_NAME, Upload, UploadedSet

router = APIRouter(prefix="/datasets", tags=["datasets"], responses=responses(ArtefactsAway, InvalidRequest))

Id = Annotated[str, Path(pattern=ID)]
SetPage = Page[UploadedSet]
_ZIP: dict[str, Any] = {  # Any: as OpenAPI has it
    "requestBody": {
        "required": True,
        "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}},
    }
}


@router.post(
    "", status_code=201, operation_id="upload_dataset", responses=responses(TooLarge, BadUpload), openapi_extra=_ZIP
)
async def upload_dataset(
    serving: ServicesDep, request: Request, name: Annotated[Name, Query(max_length=LONGEST_NAME)]
) -> Upload:
    """Keep the pictures (png, jpeg, webp) of a zip; the answer says what was refused, and why.

    The dataset `uploaded` reads them by the answer's id. Sub-folders that all pictures lie in become classes.
    """
    return await uploads.receive(serving.artefacts, name, request.stream())


@router.get("", operation_id="list_datasets")
def list_datasets(serving: ServicesDep) -> SetPage:
    """Every set that was uploaded, newest first."""
    return SetPage(items=uploads.listed(serving.artefacts))


@router.delete(
    "/{id}",
    status_code=204,
    operation_id="delete_dataset",
    responses=responses(NoSuchDataset, DatasetInUse, SqlAway),
)
def delete_dataset(serving: ServicesDep, id: Id) -> Response:
    """Delete a set on which no run trains; those that have ended cannot be forked any more."""
    uploads.remove(serving, id)
    return Response(status_code=204)
