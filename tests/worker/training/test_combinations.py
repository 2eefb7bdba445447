"""Every loss × conditioning × regulariser × optimiser: the legal ones train, the others are refused with the reason."""

import itertools
import os
from pathlib import Path

import pytest
import torch

from contract.resolve import InvalidSpec, resolve
from contract.spec import RunSpec
from worker import conditioning, losses, optimisers, regularisers
from worker.catalogue import build_catalogue
from worker.training.game import build
from worker.training.step import train_step

STEPS = 3
AT_ONCE = len(optimisers.family.names) if os.environ.get("EVERY_COMBINATION") else 3
"""Optimisers beside each loss × conditioning × regulariser, in turn, so that each pair of anything is tried; all of
them with EVERY_COMBINATION=1, which takes two minutes more."""
NO_RECIPES = Path("/nonexistent")
SMALL = {
    "nudged_adam": {"k": 1, "products": 25},
    "unrolling": {"steps": 1},
    "consensus": {"weight": 0.1},
    "ftrl": {"lr": 0.01},
    "minibatch_discrimination": {"kernels": 3, "dims": 2},
    "lecam": {"start": 1},
    "d2d_ce": {"dimensions": 8},
}
"""So that seven thousand combinations take two minutes, on points rather than pictures where the regulariser allows;
and so that none of them diverges within three steps for the rate's sake: consensus at 10 does, with FTRL at 0.1."""
MLP = {
    "name": "mlp",
    **{f"{player}_layers": 1 for player in ("generator", "discriminator")},
    **{f"{player}_width": 4 for player in ("generator", "discriminator")},
}

# Written down apart from the code that decides it: which pairs cannot be, and a word of the reason.
REFUSED = {
    ("losses", "began", "conditioning", "any but none"): "conditioned",
    ("losses", "began", "regularisers", "minibatch_discrimination"): "features",
    ("losses", "began", "regularisers", "minibatch_std"): "features",
    ("losses", "relativistic", "regularisers", "top_k"): "paired",
    ("conditioning", "any but none", "regularisers", "packing"): "conditioned",
}
SMOOTHABLE = {"minimax", "nonsaturating", "least_squares"}


def expected_refusals(loss, condition, regulariser):
    """Words that the refusal must hold; none for a legal combination."""
    conditioned = "any but none" if condition != "none" else "none"
    pairs = (
        ("losses", loss, "conditioning", conditioned),
        ("losses", loss, "regularisers", regulariser),
        ("conditioning", conditioned, "regularisers", regulariser),
    )
    words = [REFUSED[pair] for pair in pairs if pair in REFUSED]
    if regulariser == "label_smoothing" and loss not in SMOOTHABLE:
        words.append("targets")
    return words


def spec_of(loss, condition, regulariser, optimiser):
    is_image = regulariser == "diff_augment"
    if loss == "began":
        network = {"name": "autoencoder", "width": 4, "code": 2}
    else:
        network = {"name": "dcgan", "width": 4, "z_dim": 4} if is_image else MLP
    looks_ahead = optimisers.family.find(optimiser).needs.get("updates") == "simultaneous"
    return RunSpec.model_validate(
        {
            "dataset": {"name": "tiny_images" if is_image else "tiny_labels"},
            "network": network,
            "conditioning": {"name": condition, **SMALL.get(condition, {})},
            "loss": {"name": loss},
            "regularisers": [{"name": regulariser, **SMALL.get(regulariser, {})}],
            "optimisers": {player: {"name": optimiser, **SMALL.get(optimiser, {})} for player in ("G", "D")},
            "game": {"updates": "simultaneous" if looks_ahead else "alternating"},
            "monitors": [],
            "steps": STEPS,
            "batch": 4,
        }
    )


@pytest.fixture(scope="module")
def catalogue():
    return build_catalogue(NO_RECIPES)


@pytest.mark.parametrize("condition", conditioning.family.names)
@pytest.mark.parametrize("loss", losses.family.names)
def test_each_legal_combination_trains_and_each_other_one_is_refused(catalogue, tmp_path, loss, condition):
    trained, turn = 0, itertools.cycle(optimisers.family.names)
    for regulariser in regularisers.family.names:
        for optimiser in itertools.islice(turn, AT_ONCE):
            which = f"{loss} × {condition} × {regulariser} × {optimiser}"
            asked = spec_of(loss, condition, regulariser, optimiser)
            words = expected_refusals(loss, condition, regulariser)
            if words:
                with pytest.raises(InvalidSpec) as refused:
                    resolve(asked, catalogue)
                assert all(word in str(refused.value) for word in words), f"{which}: {refused.value}"
                continue
            game = build(resolve(asked, catalogue), tmp_path)
            for step in range(1, STEPS + 1):
                report = train_step(game, step)
                # An eigenvalue that has not settled within the few products allowed here is NaN by contract.
                numbers = [torch.as_tensor(value) for name, value in report.items() if not name.endswith(".eigenvalue")]
                assert all(number.isfinite() for number in numbers), f"{which}: {report}"
            state = [*game.G.state_dict().values(), *game.D.state_dict().values()]
            assert all(tensor.isfinite().all() for tensor in state), which
            trained += 1
    assert trained or (loss == "began" and condition != "none")
