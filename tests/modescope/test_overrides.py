"""`--set path=value`: what the api is asked to merge into the recipe's spec."""

import copy

import pytest

from contract.resolve import merge
from modescope.overrides import BadOverride, overrides

SPEC = {
    "network": {"name": "dcgan", "width": 48},
    "regularisers": [{"name": "r1", "weight": 1.0}, {"name": "latent_noise"}],
    "steps": 5000,
}


@pytest.mark.parametrize(
    ("assignments", "expected"),
    [
        (["steps=10"], {"steps": 10}),
        (["network.width=32", "network.latent=8"], {"network": {"width": 32, "latent": 8}}),
        (["optimisers.G.lr=1e-4"], {"optimisers": {"G": {"lr": 1e-4}}}),
        (["loss.name=hinge"], {"loss": {"name": "hinge"}}),
        (["monitors=[]"], {"monitors": []}),
        (["regularisers.0.weight=2"], {"regularisers": [{"name": "r1", "weight": 2}, {"name": "latent_noise"}]}),
        (["regularisers.1={\"name\": \"spectral_norm\"}"],
         {"regularisers": [{"name": "r1", "weight": 1.0}, {"name": "spectral_norm"}]}),
        (["regularisers=[{}]", "regularisers.0.name=r1"], {"regularisers": [{"name": "r1"}]}),
        (["seed = 7"], {"seed": 7}),
        (["loss.with=a=b"], {"loss": {"with": "a=b"}}),
        (["r1.weight=2", "latent_noise.std=1"],
         {"regularisers": [{"name": "r1", "weight": 2}, {"name": "latent_noise", "std": 1}]}),
        (["dcgan.width=32", "optimiser.g.lr=1e-4"], {"network": {"width": 32}, "optimisers": {"G": {"lr": 1e-4}}}),
    ],
)  # fmt: skip
def test_value_lands_at_its_path(assignments, expected):
    before = copy.deepcopy(SPEC)
    assert overrides(assignments, SPEC) == expected
    assert before == SPEC, "the recipe is not changed"


def test_merged_override_of_a_list_element_leaves_the_rest_of_the_recipe_alone():
    merged = merge(SPEC, overrides(["regularisers.0.weight=2"], SPEC))
    assert merged == {**SPEC, "regularisers": [{"name": "r1", "weight": 2}, {"name": "latent_noise"}]}


@pytest.mark.parametrize(
    ("assignment", "words"),
    [
        ("network.width", "is not of the form path=value"),
        ("=5", "is not of the form path=value"),
        ("regularisers.2.weight=1", "'2' must be a place in a list of 2, counted from 0"),
        ("regularisers.r1.weight=1", "'r1' must be a place in a list of 2"),
        ("r2.weight=1", "it has no 'r2'; it has dataset, .*, dcgan, r1, latent_noise"),
        ("regularisers.-1=1", "'-1' must be a place in a list of 2"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_the_reason(assignment, words):
    with pytest.raises(BadOverride, match=words) as refused:
        overrides([assignment], SPEC)
    assert repr(assignment) in str(refused.value)


def test_path_through_a_plain_value_is_refused():
    with pytest.raises(BadOverride, match="has no parts"):
        overrides(["steps=5", "steps.x=6"], SPEC)


def test_nan_stays_text_for_the_api_to_refuse():
    assert overrides(["loss.margin=NaN"], SPEC) == {"loss": {"margin": "NaN"}}
