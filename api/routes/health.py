"""Is the server alive, and is everything that it needs there?"""

from collections.abc import Callable

from fastapi import APIRouter, Response
from pydantic import BaseModel
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from api import VERSION
from api.dependencies import ServicesDep
from api.services import Services
from api.specs import START_A_WORKER

router = APIRouter(tags=["health"])


class Health(BaseModel):
    """That the server answers."""

    status: str
    version: str


class Dependency(BaseModel):
    """Something that the server needs, or would like to have."""

    ok: bool
    needed: bool
    """Whether the server is of no use without it."""
    detail: str
    """What is so, or what to do."""


class Ready(BaseModel):
    """Everything that the server needs, by name."""

    status: str
    dependencies: dict[str, Dependency]


@router.get("/health", operation_id="get_health")
def get_health() -> Health:
    """That the server answers at all. No sign-in."""
    return Health(status="ok", version=VERSION)


@router.get("/ready", operation_id="get_ready", responses={503: {"model": Ready, "description": "Something is away."}})
def get_ready(serving: ServicesDep, response: Response) -> Ready:
    """Whether everything is there, each dependency by name; 503 when a needed one is not. No sign-in."""
    found = {
        "redis": _look(lambda: _redis(serving), "start it, make room on its disk, and check MODESCOPE_REDIS_URL"),
        "sql": _look(lambda: _sql(serving), "check MODESCOPE_DATABASE_URL and the space on its disk"),
        "artefacts": _look(lambda: _artefacts(serving), "check MODESCOPE_ARTEFACTS_URL"),
        "recorder": _look(lambda: _recorder(serving), "start it with `python -m api.recorder`"),
        "worker": _look(lambda: _worker(serving), START_A_WORKER, needed=False),
    }
    is_ready = all(one.ok for one in found.values() if one.needed)
    response.status_code = 200 if is_ready else 503
    response.headers["Cache-Control"] = "no-store"
    return Ready(status="ready" if is_ready else "not ready", dependencies=found)


def _look(question: Callable[[], str | None], what_to_do: str, *, needed: bool = True) -> Dependency:
    """Ask; a failure's own words stay in the log, since nobody has signed in here."""
    try:
        answer = question()
    except (RedisError, SQLAlchemyError, OSError) as error:
        return Dependency(ok=False, needed=needed, detail=f"away ({type(error).__name__}): {what_to_do}")
    if answer is None:
        return Dependency(ok=False, needed=needed, detail=f"not there: {what_to_do}")
    return Dependency(ok=True, needed=needed, detail=answer)


def _redis(serving: Services) -> str:
    serving.redis.check_writes()
    return f"up for {serving.redis.uptime_s()} s"


def _sql(serving: Services) -> str:
    with serving.database.read() as session:
        session.execute(text("SELECT 1"))
    return "answers"


def _artefacts(serving: Services) -> str:
    serving.artefacts.exists("blobs")
    return "answers"


def _recorder(serving: Services) -> str | None:
    return "recording" if serving.redis.recorder() else None


def _worker(serving: Services) -> str | None:
    n_workers = len(serving.redis.workers())
    return f"{n_workers} online" if n_workers else None
