"""Guards that a run has when its spec names none."""

from contract.components import Catalogue, ComponentDescription
from contract.resolve import resolve
from contract.spec import RunSpec


def component(family, name, **more):
    return ComponentDescription(family=family, name=name, title=name, summary="", doc="", params={}, **more)


CATALOGUE = Catalogue(
    version="1",
    components=[
        component("datasets", "ring", provides={"judge": True}),
        component("datasets", "folder"),
        component("networks", "mlp"),
        component("conditioning", "none"),
        component("losses", "hinge"),
        component("optimisers", "adam"),
        component("averaging", "none"),
        component("guards", "coverage_loss", default=True, needs={"judge": True}),
        component("guards", "divergence", default=True),
        component("guards", "sharpening"),
    ],
)


def guards_of(dataset, **more):
    spec = {"dataset": {"name": dataset}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}, **more}
    return [guard.name for guard in resolve(RunSpec.model_validate(spec), CATALOGUE).guards]


def test_those_that_are_on_by_default_and_suit():
    assert guards_of("ring") == ["coverage_loss", "divergence"]
    assert guards_of("folder") == ["divergence"]


def test_a_spec_that_lists_its_own_has_those_and_may_have_none():
    assert guards_of("ring", guards=[]) == []
    assert guards_of("ring", guards=[{"name": "sharpening"}]) == ["sharpening"]
