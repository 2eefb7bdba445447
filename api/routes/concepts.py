"""What the charts show, in words: the docs beside them."""

from fastapi import APIRouter

from api.dependencies import ServicesDep
from api.problems import NoSuchConcept, responses
from contract.concepts import Concept, ConceptSummary
from contract.runs import Page

router = APIRouter(prefix="/concepts", tags=["concepts"])

ConceptPage = Page[ConceptSummary]


@router.get("", operation_id="list_concepts")
def list_concepts(serving: ServicesDep) -> ConceptPage:
    """Every concept by its title, each with its first sentence."""
    return ConceptPage(items=serving.concepts.listed())


@router.get("/{name}", operation_id="get_concept", responses=responses(NoSuchConcept))
def get_concept(serving: ServicesDep, name: str) -> Concept:
    """What something is, how to read it, when it misleads, and what it costs."""
    return serving.concepts.find(name)
