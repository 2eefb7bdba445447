from typing import Any

import pytest

from contract.components import Catalogue, ComponentDescription, Family
from contract.jobs import TrainJob
from contract.needs import facts
from contract.resolve import InvalidSpec, merge, resolve
from contract.spec import RunSpec


def component(
    family: Family, name: str, *, defaults: dict[str, Any] | None = None, **more: Any
) -> ComponentDescription:
    properties = {param: {"default": value} for param, value in (defaults or {}).items()}
    return ComponentDescription(
        family=family, name=name, title=name, summary="", doc="", params={"properties": properties}, **more
    )


CATALOGUE = Catalogue(
    version="1",
    components=[
        component(
            "datasets", "faces", defaults={"size": 16}, provides={"sample": "image", "size": "$size", "labels": True}
        ),
        component("datasets", "ring", defaults={"modes": 8}, provides={"sample": "points", "judge": True}),
        component(
            "networks", "dcgan", defaults={"width": 48, "size": None}, needs={"sample": "image", "size": "$size"}
        ),
        component("networks", "mlp", needs={"sample": ["points", "scalar"]}),
        component("conditioning", "none"),
        component("conditioning", "auxiliary", needs={"labels": True}, provides={"auxiliary": True}),
        component("losses", "hinge", defaults={"margin": 1.0}),
        component("regularisers", "r1", defaults={"weight": 10.0, "every": 16}),
        component(
            "regularisers",
            "packing",
            defaults={"m": 2},
            needs={"auxiliary": [None], "batch": {"multiple_of": "$m"}},
        ),
        component("optimisers", "adam", defaults={"lr": 2e-4}),
        component("averaging", "none"),
        component("monitors", "losses", default=True),
        component("monitors", "modes", default=True, needs={"judge": True}),
        component("monitors", "norms"),
    ],
)


def spec(**more: Any) -> RunSpec:
    parts: dict[str, Any] = {"dataset": {"name": "faces"}, "network": {"name": "dcgan"}, "loss": {"name": "hinge"}}
    return RunSpec.model_validate(parts | more)


def problems_of(asked: RunSpec) -> list[tuple[str, str]]:
    with pytest.raises(InvalidSpec) as caught:
        resolve(asked, CATALOGUE)
    return [(problem.where, problem.message) for problem in caught.value.problems]


def test_every_default_is_written_out_and_what_was_asked_stays() -> None:
    resolved = resolve(spec(loss={"name": "hinge", "margin": 2}, regularisers=[{"name": "r1", "every": 1}]), CATALOGUE)
    assert resolved.loss.params == {"margin": 2}
    assert resolved.regularisers[0].params == {"weight": 10.0, "every": 1}
    assert resolved.dataset.params == {"size": 16}
    assert resolved.optimisers["D"].params == {"lr": 2e-4}


def test_given_spec_is_not_changed() -> None:
    asked = spec()
    before = asked.model_dump_json()
    resolve(asked, CATALOGUE)
    assert asked.model_dump_json() == before


def test_resolving_twice_changes_nothing() -> None:
    once = resolve(spec(regularisers=[{"name": "r1"}, {"name": "r1", "as": "r1_fake"}]), CATALOGUE)
    assert resolve(once, CATALOGUE) == once
    assert [entry for family, entry, _ in once.entries() if family == "regularisers"] == ["r1", "r1_fake"]


def test_monitors_that_suit_are_on_by_default() -> None:
    ring = spec(dataset={"name": "ring"}, network={"name": "mlp"})
    assert [monitor.name for monitor in resolve(spec(), CATALOGUE).monitors or []] == ["losses"]
    assert [monitor.name for monitor in resolve(ring, CATALOGUE).monitors or []] == ["losses", "modes"]
    assert resolve(spec(monitors=[]), CATALOGUE).monitors == []


def test_watching_may_take_more_of_the_time_where_steps_are_short_unless_the_spec_says() -> None:
    ring = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}}
    assert [resolve(spec(**more), CATALOGUE).watching.budget for more in ({}, ring)] == [0.1, 0.2]
    assert resolve(spec(**ring, watching={"budget": 0.1}), CATALOGUE).watching.budget == 0.1


def test_every_unknown_name_is_told_with_the_known_ones() -> None:
    assert problems_of(spec(loss={"name": "hing"}, network={"name": "vit"})) == [
        ("networks.vit", "no networks component called 'vit'; known: dcgan, mlp"),
        ("losses.hing", "no losses component called 'hing'; known: hinge"),
    ]


def test_entry_used_twice_is_refused_with_what_to_do() -> None:
    asked = spec(regularisers=[{"name": "r1"}, {"name": "r1"}])
    assert problems_of(asked) == [("regularisers.r1", "'r1' is used twice; give one of them another name with \"as\"")]


def test_combination_that_cannot_work_is_refused_with_both_sides() -> None:
    asked = spec(dataset={"name": "ring"}, network={"name": "dcgan", "size": 32}, conditioning={"name": "auxiliary"})
    assert problems_of(asked) == [
        ("networks.dcgan", "dcgan needs a dataset with sample = image: faces; this spec has ring with sample = points"),
        ("networks.dcgan", "dcgan needs a dataset with size = 32: faces; this spec has ring"),
        ("conditioning.auxiliary", "auxiliary needs a dataset with labels: faces; this spec has ring"),
    ]


def test_batch_that_a_param_does_not_divide_is_refused_with_both_numbers() -> None:
    assert problems_of(spec(regularisers=[{"name": "packing", "m": 3}])) == [
        ("regularisers.packing", "packing needs a batch that is a multiple of 3; this spec has 64")
    ]
    resolve(spec(regularisers=[{"name": "packing", "m": 3}], batch=96), CATALOGUE)


@pytest.mark.parametrize("m", [0, -3, "many", None])
def test_divisor_that_is_no_count_is_left_to_its_own_schema(m: Any) -> None:
    resolve(spec(regularisers=[{"name": "packing", "m": m}]), CATALOGUE)


def test_need_of_none_is_refused_where_there_is_some() -> None:
    asked = spec(regularisers=[{"name": "packing"}], conditioning={"name": "auxiliary"})
    assert problems_of(asked) == [("regularisers.packing", "packing does not go with auxiliary (auxiliary)")]


def test_facts_follow_the_params() -> None:
    resolved = resolve(spec(dataset={"name": "faces", "size": 32}, network={"name": "dcgan", "size": 32}), CATALOGUE)
    assert facts(resolved, CATALOGUE) == {
        "sample": "image",
        "size": 32,
        "labels": True,
        "updates": "alternating",
        "batch": 64,
    }
    assert problems_of(spec(dataset={"name": "faces", "size": 32}, network={"name": "dcgan", "size": 16})) == [
        ("networks.dcgan", "dcgan needs a dataset with size = 16: faces; this spec has faces with size = 32")
    ]


def test_merge_goes_deep_and_replaces_lists_and_other_components() -> None:
    base = {"loss": {"name": "hinge", "margin": 2}, "game": {"d_steps": 1}, "monitors": [1, 2], "seed": 0}
    overrides = {"loss": {"name": "wasserstein"}, "game": {"updates": "simultaneous"}, "monitors": [3]}
    assert merge(base, overrides) == {
        "loss": {"name": "wasserstein"},
        "game": {"d_steps": 1, "updates": "simultaneous"},
        "monitors": [3],
        "seed": 0,
    }
    assert base["game"] == {"d_steps": 1}


def test_merge_into_the_same_component_keeps_its_params() -> None:
    assert merge({"loss": {"name": "hinge", "margin": 2}}, {"loss": {"name": "hinge", "x": 1}}) == {
        "loss": {"name": "hinge", "margin": 2, "x": 1}
    }


def test_job_comes_back_the_same_with_its_entries_names() -> None:
    resolved = resolve(spec(regularisers=[{"name": "r1", "as": "penalty"}]), CATALOGUE)
    job = TrainJob(run="f00d", attempt=1, spec=resolved)
    read = TrainJob.model_validate_json(job.model_dump_json(by_alias=True))
    assert read == job
    assert read.spec.regularisers[0].entry == "penalty"
    assert TrainJob.model_validate_json(job.model_dump_json()) == job
