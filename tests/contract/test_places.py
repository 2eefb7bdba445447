"""Where a path or a knob's name stands in a spec, and what must be merged to put a value there."""

import copy

import pytest

from contract.places import place_of, put
from contract.resolve import merge

SPEC = {
    "network": {"name": "mlp", "z_dim": 2},
    "conditioning": {"name": "auxiliary"},
    "regularisers": [{"name": "r1", "weight": 1.0}, {"name": "r1", "as": "other", "weight": 2.0}],
}


@pytest.mark.parametrize(
    ("path", "parts"),
    [
        ("steps", ["steps"]),
        ("network.z_dim", ["network", "z_dim"]),
        ("mlp.z_dim", ["network", "z_dim"]),
        ("r1.weight", ["regularisers", "0", "weight"]),
        ("other.weight", ["regularisers", "1", "weight"]),
        ("auxiliary.weights.hair", ["conditioning", "weights", "hair"]),
        ("optimiser.d.lr", ["optimisers", "D", "lr"]),
        ("game.d_steps", ["game", "d_steps"]),
    ],
)
def test_a_path_and_a_knobs_name_lead_to_a_place(path, parts):
    assert place_of(path, SPEC) == parts


def test_what_the_spec_does_not_have_is_no_place():
    with pytest.raises(LookupError, match=r"it has no 'r2'; it has dataset, .*mlp, auxiliary, r1, other"):
        place_of("r2.weight", SPEC)


def test_values_put_one_after_the_other_all_stand_there_after_the_merge():
    before = copy.deepcopy(SPEC)
    wanted = {}
    for path, value in (("other.weight", 5), ("r1.every", 4), ("seed", 3), ("optimiser.g.lr", 0.1)):
        put(wanted, SPEC, path, value)
    merged = merge(SPEC, wanted)
    assert before == SPEC
    assert merged["regularisers"] == [
        {"name": "r1", "weight": 1.0, "every": 4},
        {"name": "r1", "as": "other", "weight": 5},
    ]
    assert (merged["seed"], merged["optimisers"]) == (3, {"G": {"lr": 0.1}})


def test_a_path_through_a_plain_value_is_none():
    with pytest.raises(TypeError, match="has no parts"):
        put({"steps": 5}, SPEC, "steps.x", 6)
