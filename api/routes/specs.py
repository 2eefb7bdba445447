"""Specs that nobody has launched yet: what is wrong with one, how it reads as text, what it will cost."""

from fastapi import APIRouter

from api import spec_check
from api.dependencies import ServicesDep
from api.problems import InvalidRequest, NoWorkerYet, RedisAway, SqlAway, responses
from contract.checking import CheckedSpec, CheckSpec

router = APIRouter(prefix="/specs", tags=["runs"])


@router.post("", operation_id="check_spec", responses=responses(InvalidRequest, NoWorkerYet, RedisAway, SqlAway))
def check_spec(serving: ServicesDep, body: CheckSpec) -> CheckedSpec:
    """Look at a spec, a recipe with overrides, or either as YAML; nothing is launched, and nothing is kept.

    Answers every reason for which a launch would be refused, the spec as YAML with the line of each part, and what a
    run will cost by earlier runs like it.
    """
    return spec_check.check(serving, body)
