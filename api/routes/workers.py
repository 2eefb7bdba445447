"""Workers: who is online, with which slots, and what each is doing."""

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.problems import RedisAway, responses
from contract.runs import Page, WorkerInfo

router = APIRouter(prefix="/workers", tags=["workers"])

WorkerPage = Page[WorkerInfo]


@router.get("", operation_id="list_workers", responses=responses(RedisAway))
def list_workers(serving: ServicesDep) -> WorkerPage:
    """Every worker whose heartbeat goes on."""
    return WorkerPage(items=serving.redis.workers())
