"""What can be run: as the worker announced it that started last."""

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.problems import NoWorkerYet, RedisAway, responses
from api.specs import catalogue_of
from contract.components import Catalogue

router = APIRouter(prefix="/catalogue", tags=["catalogue"])


@router.get("", operation_id="get_catalogue", responses=responses(NoWorkerYet, RedisAway))
def get_catalogue(serving: ServicesDep) -> Catalogue:
    """Components with their params as JSON schema, their knobs, and recipes."""
    return catalogue_of(serving.redis.catalogue())
