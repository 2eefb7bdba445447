"""The page's own tests, run by node; and that the page judges specs and knobs as `contract` does."""

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from contract.components import Catalogue, ComponentDescription
from contract.knobs import KnobDescription
from contract.resolve import InvalidSpec, merge, resolve
from contract.spec import RunSpec
from tests.frontend.node import NODE

HERE = Path(__file__).parent
SUITES = sorted(path.name for path in HERE.glob("*.test.js"))


@pytest.mark.parametrize("suite", SUITES)
def test_page_module(suite: str):
    run = subprocess.run([NODE, "--test", HERE / suite], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 0" not in run.stdout


def test_every_chart_kind_has_a_test():
    tested = "".join((HERE / suite).read_text() for suite in SUITES)
    kinds = [path.stem for path in (HERE.parents[1] / "frontend" / "charts").glob("*.js")]
    assert kinds
    assert [kind for kind in kinds if f"frontend/charts/{kind}.js" not in tested] == []


def component(family: str, name: str, **more: Any) -> ComponentDescription:
    values = more.pop("values", {})
    schema = {"properties": {param: {"default": value} for param, value in values.items()}}
    return ComponentDescription(family=family, name=name, title=name, summary="", doc="", params=schema, **more)


CATALOGUE = Catalogue(
    version="1",
    components=[
        component(
            "datasets",
            "faces",
            values={"size": 16},
            provides={"sample": "image", "size": "$size", "labels": True, "judge": True},
        ),
        component(
            "datasets",
            "folder",
            values={"size": 32, "labels": None},
            provides={"sample": "image", "size": "$size", "labels": "$labels", "judge": "$labels"},
        ),
        component("datasets", "ring", provides={"sample": "points", "judge": True}),
        component("datasets", "origin", provides={"sample": "scalar"}),
        component("networks", "dcgan", values={"size": None}, needs={"sample": "image", "size": "$size"}),
        component("networks", "mlp", values={"width": 128}, needs={"sample": ["points", "scalar"]}),
        component("conditioning", "none"),
        component(
            "conditioning",
            "auxiliary",
            values={"weight": 1.0},
            needs={"labels": True},
            provides={"auxiliary": True, "conditioned": True},
        ),
        component("losses", "hinge", values={"margin": 1.0}),
        component("regularisers", "r1", values={"weight": 10.0}),
        component(
            "regularisers",
            "packing",
            values={"m": 2},
            needs={"sample": "points", "conditioned": [None, "lightly"], "batch": {"multiple_of": "$m"}},
        ),
        component("regularisers", "together", needs={"updates": "simultaneous"}),
        component("optimisers", "adam", values={"lr": 2e-4}),
        component("averaging", "none"),
        component("monitors", "modes", values={"every": 100}, needs={"judge": True}),
        component("monitors", "accuracy", needs={"auxiliary": True}),
        component("guards", "coverage_loss", default=True, needs={"judge": True}),
        component("guards", "divergence", default=True, values={"factor": 30.0}),
        component("guards", "sharpening"),
    ],
)
SPECS = [
    {"dataset": dataset, "network": network, "conditioning": conditioning, "loss": {"name": "hinge"}, "guards": []}
    | lists
    for dataset, network, conditioning, lists in product(
        (
            {"name": "faces"},
            {"name": "folder"},
            {"name": "folder", "labels": "a.csv"},
            {"name": "ring"},
            {"name": "origin"},
        ),
        ({"name": "dcgan"}, {"name": "dcgan", "size": 32}, {"name": "mlp"}),
        ({"name": "none"}, {"name": "auxiliary", "weight": 0.5}),
        (
            {"monitors": []},
            {"monitors": [{"name": "modes"}, {"name": "accuracy"}]},
            {"monitors": [], "regularisers": [{"name": "r1"}, {"name": "r1"}, {"name": "packing"}]},
        ),
    )
] + [
    {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp"},
        "loss": {"name": "hinge"},
        "regularisers": [{"name": "packing", "m": m}, {"name": "together"}],
        "game": {"updates": updates},
        "monitors": [],
        "guards": [],
        "batch": batch,
    }
    for m, updates, batch in product((2, 3, 0, "many"), ("alternating", "simultaneous"), (64, 96, 7))
]
KNOBS = [
    KnobDescription(name="a.weight", default=1, minimum=0, maximum=100, scale="log"),
    KnobDescription(name="a.beta", default=0.5, minimum=0, maximum=1, exclusive_maximum=True),
    KnobDescription(name="a.margin", kind="number", default=1.0, minimum=0, exclusive_minimum=True),
    KnobDescription(name="a.steps", kind="integer", default=1, minimum=1, maximum=100),
]
VALUES = [-1, 0, 1e-7, 0.5, 1, 1.5, 2, 100, 100.5, 1e6]


@pytest.fixture(scope="module")
def page() -> dict[str, Any]:
    asked = {
        "catalogue": CATALOGUE.model_dump(),
        "specs": SPECS,
        "knobs": [{"knob": knob.model_dump(), "text": str(value)} for knob in KNOBS for value in VALUES],
    }
    run = subprocess.run(
        [NODE, HERE / "agreement.js"], input=json.dumps(asked), capture_output=True, text=True, timeout=60
    )
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


def misfits(spec: dict[str, Any]) -> list[tuple[str, str]]:
    """Family and reason of what cannot work, as the contract sees it."""
    try:
        resolve(RunSpec.model_validate(spec), CATALOGUE)
    except InvalidSpec as invalid:
        return sorted(reason(problem.where.split(".")[0], problem.message) for problem in invalid.problems)
    return []


def reason(family: str, message: str) -> tuple[str, str]:
    """The page says in its own words what to do about a name used twice: it has a field for it."""
    return family, "used twice" if "used twice" in message else message


FAMILIES = {"dataset": "datasets", "network": "networks", "loss": "losses"}


def test_the_page_finds_the_same_misfits_as_the_contract_in_the_same_words(page: dict[str, Any]):
    assert len(page["specs"]) == len(SPECS)
    for spec, seen in zip(SPECS, page["specs"], strict=True):
        parts = [(one["where"].split(".")[0], one["message"]) for one in seen["misfits"]]
        assert sorted(reason(FAMILIES.get(part, part), why) for part, why in parts) == misfits(spec), spec
    packed = [[family for family, _ in misfits(spec)] for spec in SPECS if "batch" in spec]
    assert [packed.count(found) for found in ([], ["regularisers"], ["regularisers"] * 2)] == [9, 12, 3]
    assert any(misfits(spec) for spec in SPECS)
    assert any(not misfits(spec) for spec in SPECS)


def test_the_page_fills_in_the_same_defaults_as_the_contract(page: dict[str, Any]):
    for spec, seen in zip(SPECS, page["specs"], strict=True):
        if misfits(spec):
            continue
        resolved = resolve(RunSpec.model_validate(spec), CATALOGUE).model_dump(by_alias=True)
        assert without_names(seen["filled"]) == without_names(resolved)


def test_the_page_and_the_contract_find_the_same_guards_where_the_spec_names_none(page: dict[str, Any]):
    found = []
    for spec, seen in zip(SPECS, page["specs"], strict=True):
        if misfits(spec):
            continue
        resolved = resolve(RunSpec.model_validate({**spec, "guards": None}), CATALOGUE)
        found.append([guard.name for guard in resolved.guards or []])
        assert seen["guards"] == found[-1], spec
    assert {len(names) for names in found} == {1, 2}


def test_what_the_page_sends_as_overrides_merges_into_what_it_shows(page: dict[str, Any]):
    base = page["specs"][0]["filled"]
    for seen in page["specs"]:
        assert merge(base, seen["overrides"]) == seen["filled"]


def test_the_page_refuses_the_same_knob_values_in_the_same_words(page: dict[str, Any]):
    asked = [(knob, value) for knob in KNOBS for value in VALUES]
    for (knob, value), seen in zip(asked, page["refused"], strict=True):
        said = knob.refusal(value)
        assert (seen is None) == (said is None), (knob.name, value, seen, said)
        if said is not None:
            assert seen.split("; got")[0] == said.split("; got")[0]


def without_names(value: Any) -> Any:
    """The same without `"as": null`, which says nothing."""
    if isinstance(value, dict):
        return {key: without_names(item) for key, item in value.items() if not (key == "as" and item is None)}
    return [without_names(item) for item in value] if isinstance(value, list) else value
