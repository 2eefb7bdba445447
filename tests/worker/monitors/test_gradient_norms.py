import math

import pytest
import torch

from tests.worker.monitors.toys import toy_run
from worker import monitors


def look(run):
    scalars = monitors.family.create("gradient_norms", {}).measure(run.view()).scalars
    return {name: float(value) for name, value in scalars.items()}


def fill(player, generator):
    for parameter in player.parameters():
        parameter.grad = torch.randn(parameter.shape, generator=generator)


@pytest.fixture
def run():
    run = toy_run((2,))
    generator = torch.Generator().manual_seed(0)
    fill(run.G, generator)
    fill(run.D, generator)
    return run


def by_hand(player):
    return math.sqrt(sum(x * x for p in player.parameters() if p.grad is not None for x in p.grad.flatten().tolist()))


def test_norm_is_the_root_of_the_sum_of_all_squares(run):
    assert look(run) == {
        "gradient.g.norm": pytest.approx(by_hand(run.G), rel=1e-12),
        "gradient.d.norm": pytest.approx(by_hand(run.D), rel=1e-12),
    }


def test_parameter_without_a_gradient_counts_nothing(run):
    run.G.layers[0].weight.grad = None
    assert look(run)["gradient.g.norm"] == pytest.approx(by_hand(run.G), rel=1e-12)


def test_no_gradient_at_all_is_not_a_small_one(run):
    run.D.zero_grad(set_to_none=True)
    assert "gradient.d.norm" not in look(run)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_what_is_no_number_shows(run, value):
    run.G.layers[0].bias.grad[3] = value
    norm = look(run)["gradient.g.norm"]
    assert norm == value or (math.isnan(value) and math.isnan(norm))


def test_large_gradients_do_not_overflow(run):
    """(1e30)² has no place in float32."""
    for parameter in run.G.parameters():
        parameter.grad = torch.full_like(parameter, 1e30)
    n = sum(parameter.numel() for parameter in run.G.parameters())
    assert look(run)["gradient.g.norm"] == pytest.approx(1e30 * math.sqrt(n), rel=1e-6)


def test_gradients_of_a_least_squares_problem():
    """L = ½‖W x - y‖² has ∂L/∂W = (W x - y) xᵀ, whose norm is ‖W x - y‖ ‖x‖."""
    run = toy_run((2,))
    run.G = torch.nn.Linear(3, 2, bias=False)
    x, y = torch.tensor([1.0, 2.0, 2.0]), torch.tensor([0.5, -1.0])
    residual = run.G(x) - y
    (residual.square().sum() / 2).backward()
    assert look(run)["gradient.g.norm"] == pytest.approx(3 * math.hypot(*residual.tolist()), rel=1e-6)
