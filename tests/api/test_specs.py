"""From a request to a frozen spec."""

import pytest

from api.problems import InvalidSpecRefused, NoWorkerYet
from api.specs import catalogue_of, checked
from contract.components import Catalogue
from contract.runs import CreateRun
from worker.catalogue import build_catalogue


@pytest.fixture
def known(catalogue) -> Catalogue:
    return catalogue


def refused(catalogue, **asked):
    with pytest.raises(InvalidSpecRefused) as caught:
        checked(CreateRun.model_validate(asked), catalogue)
    return {problem.where: problem.message for problem in caught.value.errors}


def test_a_recipe_is_filled_in_with_defaults_and_overrides(known):
    asked = {"recipe": "faces-acgan", "overrides": {"dataset": {"size": 32}, "seed": 7}}
    spec = checked(CreateRun.model_validate(asked), known)
    assert spec.dataset.params == {"size": 32}
    assert spec.regularisers[0].params == {"weight": 10.0, "every": 16}
    assert (spec.seed, spec.steps) == (7, 500)
    assert [monitor.name for monitor in spec.monitors or []] == ["losses"]


def test_an_override_that_names_another_component_replaces_it_whole(known):
    overrides = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "conditioning": {"name": "none"}}
    spec = checked(CreateRun.model_validate({"recipe": "faces-acgan", "overrides": overrides}), known)
    assert (spec.dataset.params, spec.network.params) == ({}, {})


def test_every_fault_is_named_with_its_place(known):
    problems = refused(
        known,
        recipe="faces-acgan",
        overrides={
            "network": {"width": 4},
            "dataset": {"size": 17},
            "regularisers": [{"name": "r1", "every": 0, "colour": "red"}],
        },
    )
    assert problems["network.width"] == "must be 8 or more; got 4"
    assert problems["dataset.size"] == "must be one of 16, 32; got 17"
    assert problems["regularisers.0.every"] == "must be 1 or more; got 0"
    assert problems["regularisers.0.colour"] == "r1 has no param colour; its params: weight, every"


def test_an_unknown_component_is_answered_with_those_there_are(known):
    problems = refused(known, recipe="faces-acgan", overrides={"loss": {"name": "wgan"}})
    assert problems == {"losses.wgan": "no losses component called 'wgan'; known: hinge"}


def test_a_combination_that_cannot_work_is_refused(known):
    problems = refused(known, recipe="faces-acgan", overrides={"dataset": {"name": "ring"}})
    assert "dcgan needs a dataset with sample = image" in problems["networks.dcgan"]


def test_an_unknown_recipe_is_answered_with_those_there_are(known):
    assert refused(known, recipe="cats") == {"recipe": "no recipe called 'cats'; known: faces-acgan"}


@pytest.mark.parametrize("asked", [{}, {"recipe": "faces-acgan", "spec": {}}])
def test_either_a_recipe_or_a_spec(known, asked):
    assert 'give either "spec" or "recipe"' in refused(known, **asked)["spec"]


def test_a_spec_of_the_wrong_shape_is_refused(known):
    problems = refused(known, spec={"dataset": {"name": "ring"}, "steps": 0, "colour": 1})
    assert problems["steps"] == "Input should be greater than or equal to 1; got 0"
    assert set(problems) == {"network", "loss", "steps", "colour"}


def test_a_name_that_is_no_part_of_a_spec_is_answered_with_the_parts(known):
    problems = refused(known, recipe="faces-acgan", overrides={"stepz": 3, "r1.weight": 1})
    assert "there are dataset, network, conditioning, loss" in problems["stepz"]
    assert '{"regularisers": [{"name": "r1", "weight": 1}]}' in problems["r1.weight"]


@pytest.mark.parametrize("said", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_not_finite_are_refused(known, said):
    value = float(said)
    problems = refused(known, recipe="faces-acgan", overrides={"conditioning": {"weight": value}})
    assert problems["conditioning.weight"].endswith(f"got {said}")


@pytest.fixture(scope="module")
def real() -> Catalogue:
    return build_catalogue()


POINTS = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "nonsaturating"}}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"low": 0.9, "high": 0.1}, "must be at most high, which is 0.1; got 0.9"),
        ({"low": 1.0}, "must be at most high, which is 0.9; got 1.0"),
        ({"low": 0.2, "high": 0.1, "fake": 2}, None),
        ({"low": 0.9, "high": 0.9}, None),
    ],
)
def test_two_params_out_of_order_are_refused_by_the_api(real, given, said):
    asked = CreateRun(spec={**POINTS, "regularisers": [{"name": "label_smoothing", **given}]})
    try:
        checked(asked, real)
        problems = {}
    except InvalidSpecRefused as refusal:
        problems = {problem.where: problem.message for problem in refusal.errors}
    assert problems.get("regularisers.0.low") == said


def test_a_text_of_the_wrong_form_is_answered_with_what_it_should_be(real):
    folder = {**POINTS, "dataset": {"name": "folder", "path": "/home"}, "network": {"name": "dcgan"}}
    said = refused(real, spec=folder)["dataset.path"]
    assert said.startswith("does not fit: Folder with the pictures, relative to MODESCOPE_IMAGES")
    assert said.endswith('got "/home"')


def test_a_place_is_named_once(real):
    asked = CreateRun(spec={**POINTS, "regularisers": [{"name": "latent_noise", "std": None}]})
    with pytest.raises(InvalidSpecRefused) as caught:
        checked(asked, real)
    assert [problem.where for problem in caught.value.errors] == ["regularisers.0.std"]


def test_without_any_worker_nobody_knows_what_can_run():
    with pytest.raises(NoWorkerYet, match=r"no worker has announced itself yet.*python -m worker"):
        catalogue_of(None)


SET = {"name": "on_alarm", "do": "set", "to": 1.0}


@pytest.mark.parametrize(
    ("given", "problems"),
    [
        (
            {"rules": [{**SET, "alarm": "nobody", "knob": "optimiser.d.lr"}]},
            {"rules.0.alarm": 'no guard called "nobody"; this run has: collapse'},
        ),
        (
            {"rules": [{**SET, "alarm": "collapse", "knob": "optimiser.d.rl"}]},
            {"rules.0.knob": 'no knob called "optimiser.d.rl"; did you mean optimiser.d.lr'},
        ),
        (
            {"rules": [{"name": "on_alarm", "do": "rewind"}]},
            {"rules.0.knob": "rewind needs the name of the knob to turn"},
        ),
        (
            {"rules": [{"name": "hold", "series": "loss.d", "knob": "r1.weight", "low": 5, "high": 1}]},
            {"rules.0.low": "must be at most high, which is 1; got 5"},
        ),
        (
            {"rules": [{**SET, "alarm": "collapse", "knob": "r1.weight", "to": -1}]},
            {"rules.0.to": "r1.weight must be a number from 0 to 1000; got -1"},
        ),
        (
            {"rules": [{"name": "on_alarm", "do": "stop", "knob": "r1.weight"}]},
            {"rules.0.knob": "stop takes no knob; got r1.weight"},
        ),
        (
            {"plan": [{"step": 99, "knobs": {"optimiser.d.lr": 1e-4}}]},
            {"plan.0.step": "must be at most 50, the run's last step; got 99"},
        ),
        (
            {"plan": [{"step": 9, "knobs": {"optimiser.d.lr": {"to": -1, "over": 5}, "nosuch": 1}}]},
            {
                "plan.0.knobs.optimiser.d.lr": "optimiser.d.lr must be a number from 0",
                "plan.0.knobs.nosuch": 'no knob called "nosuch"',
            },
        ),
    ],
)
def test_a_rule_or_a_plan_that_could_never_be_obeyed_is_refused(given, problems):
    found = refused(
        build_catalogue(), recipe="ring-gan", overrides={"steps": 50, "guards": [{"name": "collapse"}], **given}
    )
    assert found.keys() == problems.keys()
    assert all(found[where].startswith(message) for where, message in problems.items()), found


def test_a_rule_and_a_plan_that_can_be_obeyed_are_taken():
    overrides = {
        "rules": [{**SET, "knob": "r1.weight"}],
        "plan": [{"step": 9, "knobs": {"r1.weight": {"to": 1, "over": 5, "shape": "pulse"}, "game.freeze_d": True}}],
    }
    spec = checked(CreateRun.model_validate({"recipe": "ring-gan", "overrides": overrides}), build_catalogue())
    assert spec.rules[0].params["alarm"] == "collapse"
    assert spec.plan[0].wishes["r1.weight"].over == 5
