"""What ended runs have left behind: how long it is kept, and deleting it."""

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.problems import InvalidRequest, SqlAway, responses
from api.retention import prunable, prune
from contract.retention import Keep, Prunable, Retention

router = APIRouter(prefix="/retention", tags=["retention"], responses=responses(SqlAway, InvalidRequest))


@router.get("", operation_id="get_retention")
def get_retention(serving: ServicesDep) -> Retention:
    """The settings in force, and what they would delete now. The recorder does so once an hour."""
    keep = serving.settings.keep
    return Retention(keep=keep, prunable=prunable(serving.database, keep))


@router.post("/preview", operation_id="preview_pruning")
def preview_pruning(serving: ServicesDep, body: Keep) -> Prunable:
    """What would be deleted with these days in the place of the settings."""
    return prunable(serving.database, body)


@router.post("/prune", operation_id="prune")
def prune_now(serving: ServicesDep, body: Keep) -> Prunable:
    """Delete it, now and once; answers what was deleted. Look at the preview first: it cannot be taken back."""
    return prune(serving.database, body)
