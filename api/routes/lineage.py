"""The family of a run: what it came from, and everything that goes on from there."""

from fastapi import APIRouter

from api.dependencies import RunDep, ServicesDep
from api.problems import NoSuchRun, SqlAway, responses
from api.store.lineage import family
from contract.lineage import Lineage

router = APIRouter(prefix="/runs/{id}/lineage", tags=["runs"], responses=responses(NoSuchRun, SqlAway))


@router.get("", operation_id="get_lineage")
def get_lineage(serving: ServicesDep, run: RunDep) -> Lineage:
    """A run's whole family: its root, and every fork, twin and rewind of it, each with what it has otherwise.

    Of a large family the oldest are named, and how many are left out is said; the way from the root to this run is
    always whole.
    """
    with serving.database.read() as session:
        return family(session, run)
