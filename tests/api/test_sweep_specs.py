"""From a request for a sweep to the spec of each of its runs, and how what cannot run is said."""

import pytest

from api.problems import InvalidRequest, InvalidSpecRefused
from api.sweep_specs import expand
from contract.sweeps import CreateSweep


def expanded(catalogue, **asked):
    return expand(CreateSweep.model_validate({"recipe": "faces-acgan", **asked}), catalogue)


def refused(catalogue, **asked):
    """Where and what of each problem; all of them are in the detail too."""
    with pytest.raises((InvalidSpecRefused, InvalidRequest)) as caught:
        expanded(catalogue, **asked)
    assert all(f"{error.where}: {error.message}" in caught.value.detail for error in caught.value.errors)
    return [(error.where, error.message) for error in caught.value.errors]


def test_the_last_axis_changes_fastest_and_seeds_are_the_last_axis(catalogue):
    found = expanded(catalogue, axes={"r1.weight": [1, 2], "steps": [5]}, seeds=[3, 4])
    assert [tuple(values.values()) for values, _ in found.runs] == [(1, 5, 3), (1, 5, 4), (2, 5, 3), (2, 5, 4)]
    specs = [(spec.regularisers[0].params["weight"], spec.steps, spec.seed) for _, spec in found.runs]
    assert specs == [tuple(values.values()) for values, _ in found.runs]


def test_a_run_of_a_sweep_has_the_spec_that_a_run_by_itself_would_have(catalogue):
    """Among others, what depends on the data set is chosen for each run, not once for all."""
    swap = [{"name": "ring"}, {"name": "faces"}]
    overrides = {"conditioning": {"name": "none"}, "network": {"name": "mlp"}}
    [(_, spec)] = expanded(catalogue, axes={"dataset": swap[:1]}, overrides=overrides).runs
    assert (spec.dataset.name, spec.watching.budget) == ("ring", 0.2)
    [(_, spec)] = expanded(catalogue, axes={"dataset": swap[1:]}).runs
    assert (spec.dataset.params, spec.watching.budget) == ({"size": 16}, 0.1)


def test_a_values_own_list_is_not_shared_by_the_runs(catalogue):
    lists = [[{"name": "r1", "weight": 1}], [{"name": "r1", "weight": 2}]]
    found = expanded(catalogue, axes={"regularisers": lists, "hinge.margin": [1, 2]})
    assert [spec.regularisers[0].params["weight"] for _, spec in found.runs] == [1, 1, 2, 2]


REFUSED = [
    ({"axes": {"r1.weight": [1, -1]}}, "axes.r1.weight", "with r1.weight = -1, regularisers.0.weight: must be 0 or"),
    ({"axes": {"regularisers.0.mass": [1]}}, "axes.regularisers.0.mass", "r1 has no param mass"),
    ({"axes": {"r2.weight": [1, 2]}}, "axes.r2.weight", "it has no 'r2'; it has dataset,"),
    ({"axes": {"regularisers.4.weight": [1]}}, "axes.regularisers.4.weight", "a place in a list of 1"),
    ({"axes": {"loss.name": ["hinge", "wgan"]}}, "axes.loss.name", 'with loss.name = "wgan", losses.wgan: no losses'),
    ({"axes": {"steps": [0, 5], "hinge.margin": [1, 2]}}, "axes.steps", "with steps = 0, steps: Input should be"),
    ({"axes": {"seed": [1]}, "seeds": [2]}, "seeds", "give the seeds once"),
    ({"seeds": [-1, 1]}, "axes.seed", "with seed = -1, seed:"),
    ({"axes": {}}, "axes", "at least one axis"),
    ({"axes": {"r1.weight": [1, 2, 1.0]}}, "axes.r1.weight", "1.0 comes twice"),
    ({"axes": {"r1.weight": [1], "regularisers.0.weight": [2]}}, "axes", "write to the same place"),
    ({"axes": {"r1.weight": [1], "regularisers": [[]]}}, "axes", "write to the same place"),
    (
        {"axes": {"r1.weight": {"from": 0, "to": 1, "count": 101}}, "seeds": [1, 2]},
        "axes",
        "101 × 2 values make 202 runs; a sweep has at most 200",
    ),
    ({"axes": {"r1.weight": [1]}, "overrides": {"network": {"width": 1}}}, "network.width", "must be 8 or more; got 1"),
    ({"axes": {"r1.weight": [1]}, "recipe": "cats"}, "recipe", "no recipe called 'cats'"),
]


@pytest.mark.parametrize(("body", "where", "words"), REFUSED, ids=[where for _, where, _ in REFUSED])
def test_what_cannot_run_is_said_of_its_axis_and_value(catalogue, body, where, words):
    [found] = refused(catalogue, **body)
    assert found[0] == where
    assert words in found[1]


def test_values_that_do_not_go_together_are_named_together(catalogue):
    datasets, networks = [{"name": "faces"}, {"name": "ring"}], [{"name": "dcgan"}, {"name": "mlp"}]
    axes = {"dataset": datasets, "network": networks, "steps": [5, 6]}
    found = refused(catalogue, axes=axes, overrides={"conditioning": {"name": "none"}})
    messages = {message.split(", networks")[0]: where for where, message in found}
    assert messages == {
        'with dataset = {"name": "faces"} and network = {"name": "mlp"}': "axes",
        'with dataset = {"name": "ring"} and network = {"name": "dcgan"}': "axes",
    }
