import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.regularisers import GameView
from worker.training.game import build
from worker.training.step import train_step


def view_of(theta, psi, losses):
    return GameView({"G": [theta], "D": [psi]}, lambda: losses(theta, psi))


def bilinear(theta, psi):
    """L_D = ψ θ and L_G = -ψ θ, as the Wasserstein loss makes them of a Dirac GAN."""
    value = (theta * psi).sum()
    return {"D": value, "G": -value}


@pytest.fixture
def weights():
    theta, psi = nn.Parameter(torch.tensor([3.0])), nn.Parameter(torch.tensor([-2.0]))
    theta.grad, psi.grad = torch.tensor([10.0]), torch.tensor([20.0])
    return theta, psi


@pytest.mark.parametrize(("player", "added"), [("G", (1.5, 0.0)), ("D", (0.0, -1.0))])
def test_each_player_goes_down_on_half_the_squared_gradients_of_both(weights, player, added):
    theta, psi = weights
    component = regularisers.family.create("consensus", {"weight": 0.5})
    component.gradients(player, view_of(theta, psi, bilinear))
    # ½ (θ² + ψ²) has the gradient (θ, ψ)
    assert (theta.grad.item(), psi.grad.item()) == (10.0 + added[0], 20.0 + added[1])


def test_own_gradients_count_in_a_game_that_is_not_zero_sum(weights):
    theta, psi = weights

    def losses(theta, psi):
        return {"G": (theta**2 * psi).sum(), "D": (psi**3 * theta).sum()}

    regularisers.family.create("consensus", {"weight": 1.0}).gradients("G", view_of(theta, psi, losses))
    # ½ (2θψ)² + ½ (3ψ²θ)²: d/dθ = 4θψ² + 9ψ⁴θ
    assert theta.grad.item() == 10.0 + 4 * 3 * 4 + 9 * 16 * 3
    assert psi.grad.item() == 20.0


def test_at_zero_weight_nothing_is_computed(weights):
    component = regularisers.family.create("consensus", {})
    component.params.weight = 0.0
    component.gradients("G", GameView({"G": [weights[0]], "D": [weights[1]]}, lambda: pytest.fail("computed")))
    assert weights[0].grad.item() == 10.0


def test_weights_that_no_loss_looks_at_are_left_alone(weights):
    theta, psi = weights
    idle = nn.Parameter(torch.ones(1))
    view = GameView({"G": [theta, idle], "D": [psi]}, lambda: bilinear(theta, psi))
    regularisers.family.create("consensus", {"weight": 0.5}).gradients("G", view)
    assert idle.grad is None
    assert theta.grad.item() == 11.5


def test_a_linear_game_through_tensors_of_any_shape():
    stream = torch.Generator().manual_seed(2)
    theta = nn.Parameter(torch.randn(3, 2, generator=stream))
    psi = nn.Parameter(torch.randn(3, 2, generator=stream))
    regularisers.family.create("consensus", {"weight": 0.1}).gradients("D", view_of(theta, psi, bilinear))
    assert_close(psi.grad, 0.1 * psi.detach())


def test_lxy_comes_to_rest_as_fast_as_the_closed_form_says(tmp_path):
    sgd = {"name": "sgd", "lr": 0.1, "momentum": 0.0}
    spec = {
        "dataset": {"name": "origin"},
        "network": {"name": "dirac"},
        "loss": {"name": "wasserstein"},
        "regularisers": [{"name": "consensus", "weight": 0.1}],
        "optimisers": {"G": sgd, "D": sgd},
        "game": {"updates": "simultaneous"},
        "batch": 4,
        "monitors": [],
        "device": "cpu",
    }
    game = build(RunSpec.model_validate(spec), tmp_path)
    distances = []
    for step in range(1, 2001):
        train_step(game, step)
        distances.append(math.hypot(game.G.theta.item(), game.D.psi.item()))
    # (1 - γη)² + η² = 0.9901. Rounding in float32: 2,000 steps of 1e-7 or so.
    expected = [math.sqrt(2) * 0.9901 ** (step / 2) for step in (1, 10, 2000)]
    assert_close([distances[0], distances[9], distances[-1]], expected, rtol=1e-4, atol=0)
    assert f"{distances[-1]:.2e}" == "6.75e-05"  # another program's number
