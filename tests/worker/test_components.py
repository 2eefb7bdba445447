"""`make components`: what there is, and what its knobs are called in a run."""

import re

from contract.resolve import knobs_of_spec, resolve
from contract.spec import RunSpec
from worker.catalogue import build_catalogue
from worker.components import listing
from worker.families import FAMILIES


def test_every_component_and_every_knob_of_a_run_is_listed_by_its_name():
    text = "\n".join(listing())
    for family in FAMILIES.values():
        assert [name for name in family.names if not re.search(rf"^  {name} ", text, re.MULTILINE)] == []
    catalogue = build_catalogue()
    spec = resolve(RunSpec.model_validate(catalogue.recipe("ring-gan").spec), catalogue)
    names = [re.sub(r"^optimiser\.[gd]\.", "optimiser.<g or d>.", knob.name) for knob in knobs_of_spec(spec, catalogue)]
    listed = set(re.findall(r"[\w<> ]+\.[\w<>. ]+\b", text.replace("knobs: ", "")))
    assert {"optimiser.<g or d>.lr", "game.d_steps", "r1.weight"} <= set(names)
    assert [name for name in names if name not in {each.strip() for each in listed}] == []
