"""Optimisers and averages with a state of their own go on bit for bit from a checkpoint."""

from hashlib import sha256

import pytest
import torch

from contract.events import CommandAsked
from contract.jobs import CheckpointRef, Resume

SIMULTANEOUS = {"updates": "simultaneous"}
NUDGED = {"name": "nudged_adam", "k": 3, "every": 3, "products": 25}
CASES = {
    "nudged gradient, ema": ({"optimisers": {"G": NUDGED, "D": NUDGED}, "averaging": {"name": "ema"}}),
    "nudged update, uniform": {
        "optimisers": {"G": {**NUDGED, "variant": "update"}, "D": {**NUDGED, "variant": "update"}},
        "averaging": {"name": "uniform"},
    },
    "extra_adam, d_steps 2": {
        "optimisers": {"G": {"name": "extra_adam"}, "D": {"name": "extra_adam"}},
        "game": {**SIMULTANEOUS, "d_steps": 2},
    },
    "unrolling, simultaneous, decay": {
        "regularisers": [{"name": "unrolling", "steps": 2}],
        "optimisers": {player: {"name": "adam", "lr": 1e-2, "decay_steps": 20} for player in ("G", "D")},
        "game": SIMULTANEOUS,
    },
    "smoothing turned up": {"regularisers": [{"name": "label_smoothing", "low": 0.95, "high": 1.0}]},
    "optimistic_adam, ftrl": {"optimisers": {"G": {"name": "optimistic_adam"}, "D": {"name": "ftrl", "lr": 0.01}}},
    "rmsprop, optimistic_sgd": {
        "optimisers": {"G": {"name": "rmsprop"}, "D": {"name": "optimistic_sgd", "lr": 0.01}},
        "game": SIMULTANEOUS,
    },
}


def everything(attempt, state):
    """Players, optimisers, and what components keep."""
    kept = {
        f"{entry}.{name}": tensor
        for entry, component in attempt._game.components()
        for name, tensor in component.state_dict().items()
    }
    return {**state(attempt), **kept}


@pytest.mark.parametrize("case", CASES)
def test_stop_and_resume_is_bit_exact_and_all_numbers_are_finite(bench, spec, state, assert_same, case):
    spec = {**spec, **CASES[case], "steps": 8}
    straight = bench.run(spec)
    bench.store.clear()
    bench.run(spec, at={5: [CommandAsked(request_id="c", author="test", command="stop")]})
    [(name, content)] = bench.store.items()
    refs = [CheckpointRef(step=5, name=name, sha256=sha256(content).hexdigest())]
    resumed = bench.run(spec, resume=Resume(checkpoints=refs), number=2)
    assert min(resumed.reporter.series("loss.d")) == 6
    assert_same(everything(straight, state), everything(resumed, state))
    weights = [tensor for player in (straight._game.G, straight._game.D) for tensor in player.state_dict().values()]
    assert all(torch.isfinite(tensor).all() for tensor in weights)


def test_eigenvalues_of_both_players_are_reported_at_each_look(bench, points):
    run = bench.run({**points, **CASES["nudged gradient, ema"], "steps": 8})
    for entry in ("optimiser.g", "optimiser.d"):
        assert sorted(run.reporter.series(f"{entry}.eigenvalue")) == [1, 4, 7]
        assert all(value == value for value in run.reporter.series(f"{entry}.eigenvalue").values())
        assert all(0 <= value <= 3 for value in run.reporter.series(f"{entry}.nudged").values())
