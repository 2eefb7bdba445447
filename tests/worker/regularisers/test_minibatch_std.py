import numpy as np
import pytest
import torch
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.networks._parts import VerdictLayers
from worker.regularisers._appending import NowhereToAppend
from worker.regularisers.minibatch_std import GroupSpread
from worker.training.game import build
from worker.training.step import train_step

FEATURES = torch.randn(11, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def by_hand(features, groups):
    """One number a sample, group by group, by NumPy's own standard deviation."""
    out = []
    for first, last in groups:
        std = np.sqrt(np.var(features[first:last], axis=0) + 1e-8)
        out += [std.mean()] * (last - first)
    return np.array(out)[:, None]


@pytest.mark.parametrize(
    ("n", "groups"),
    [
        (8, [(0, 4), (4, 8)]),
        (4, [(0, 4)]),
        (11, [(0, 4), (4, 11)]),  # three are left over
        (5, [(0, 5)]),
        (3, [(0, 3)]),
        (1, [(0, 1)]),
    ],
)
def test_spread_is_that_of_each_group_and_who_is_left_over_joins_the_last(n, groups):
    features = FEATURES[:n]
    np.testing.assert_allclose(GroupSpread(4)(features).numpy(), by_hand(features.numpy(), groups), rtol=1e-12)


def test_second_derivatives_exist_also_where_all_samples_are_the_same():
    features = FEATURES[:6].clone().requires_grad_()
    assert torch.autograd.gradcheck(GroupSpread(2), (features,))
    assert torch.autograd.gradgradcheck(GroupSpread(2), (features,))
    same = torch.ones(6, 3, requires_grad=True)
    (gradient,) = torch.autograd.grad(GroupSpread(2)(same).sum(), same, create_graph=True)
    gradient.square().sum().backward()
    assert_close(gradient, torch.zeros(6, 3), rtol=0, atol=0)
    assert same.grad.isfinite().all()


class Ending(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.verdict = VerdictLayers(7, None)


def test_one_feature_is_appended_to_those_of_d():
    player = Ending()
    regularisers.family.create("minibatch_std", {"group": 2}).build(player)
    features = torch.randn(6, 7)
    verdict = player.verdict(features)
    assert torch.equal(verdict.features[:, :7], features)
    assert_close(verdict.features[:, 7:], GroupSpread(2)(features), rtol=0, atol=0)


def test_a_player_without_features_is_refused_in_words():
    with pytest.raises(NowhereToAppend, match="minibatch_std appends to D's features, but Linear has none"):
        regularisers.family.create("minibatch_std", {}).build(torch.nn.Linear(2, 1))


def test_it_trains_in_a_run_with_packs_and_a_penalty(tmp_path):
    spec = {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp", "generator_width": 8, "discriminator_width": 8},
        "loss": {"name": "wasserstein"},
        "regularisers": [{"name": "gradient_penalty"}, {"name": "packing"}, {"name": "minibatch_std"}],
        "monitors": [],
        "batch": 12,
    }
    game = build(RunSpec.model_validate(spec), tmp_path)
    for step in range(1, 4):
        report = train_step(game, step)
    assert all(torch.as_tensor(value).isfinite() for value in report.values())
