"""What can be run: as the worker announced it that started last."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from api.dependencies import ServicesDep
from api.page import IMMUTABLE, REVALIDATE, etag_matches
from api.problems import ArtefactsAway, NoSuchPicture, NoWorkerYet, RedisAway, responses
from api.services import Services
from api.specs import catalogue_of
from contract.components import Catalogue, RecipePicture, UnknownComponent
from contract.names import recipe_picture_name
from contract.numbers import shown

router = APIRouter(prefix="/catalogue", tags=["catalogue"])

_PICTURE: dict[int | str, dict[str, Any]] = {  # Any: as FastAPI takes it
    200: {"content": {"image/png": {}}, "description": "What a run of the recipe made."}
}


@router.get("", operation_id="get_catalogue", responses=responses(NoWorkerYet, RedisAway))
def get_catalogue(serving: ServicesDep) -> Catalogue:
    """Components with their params as JSON schema, their knobs, and recipes."""
    return catalogue_of(serving.redis.catalogue())


@router.get(
    "/recipes/{name}/picture",
    operation_id="get_recipe_picture",
    response_class=Response,
    responses={**_PICTURE, **responses(NoSuchPicture, NoWorkerYet, RedisAway, ArtefactsAway)},
)
def get_recipe_picture(
    serving: ServicesDep,
    request: Request,
    name: str,
    sha256: Annotated[
        str | None, Query(pattern="^[0-9a-f]{64}$", description="The picture's own hash: the answer never changes.")
    ] = None,
) -> Response:
    """What a run of the recipe made: samples, or points over D's surface. At which step, the catalogue says."""
    picture = _picture(catalogue_of(serving.redis.catalogue()), name)
    etag = f'"{picture.sha256}"'
    headers = {"ETag": etag, "Cache-Control": IMMUTABLE if sha256 == picture.sha256 else REVALIDATE}
    if etag_matches(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(_content(serving, picture), headers=headers, media_type="image/png")


def _picture(catalogue: Catalogue, name: str) -> RecipePicture:
    """What the catalogue says of a recipe's picture.

    Raises:
        NoSuchPicture: if there is none.
    """
    try:
        picture = catalogue.recipe(name).picture
    except UnknownComponent as unknown:
        raise NoSuchPicture(str(unknown)) from unknown
    if picture is None:
        raise NoSuchPicture(f"recipe {shown(name)} has no picture")
    return picture


def _content(serving: Services, picture: RecipePicture) -> bytes:
    """The picture's bytes.

    Raises:
        ArtefactsAway: if the artefact store does not have them, or does not answer.
    """
    try:
        return serving.artefacts.get(recipe_picture_name(picture.sha256))
    except OSError as error:
        raise ArtefactsAway("the artefact store does not give this picture; restart a worker, or try again") from error
