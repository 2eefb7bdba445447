import pytest
import torch
from torch import nn
from torch.testing import assert_close

from worker import optimisers


def step_on(component, optimiser, weight, slope, *, extrapolated=True):
    """One step down ½ a w², whose gradient is a w; optionally by way of an extrapolation."""
    component.refresh(optimiser, step=1)
    if extrapolated:
        weight.grad = slope * weight.detach().clone()
        optimiser.extrapolate()
    there = weight.detach().clone()
    weight.grad = slope * there
    optimiser.step()
    return there


def made(lr, start):
    component = optimisers.family.create("extra_sgd", {"lr": lr})
    weight = nn.Parameter(torch.tensor(start, dtype=torch.float64))
    return component, component.build([weight]), weight


def test_the_step_is_from_the_kept_point_with_the_gradient_found_ahead():
    """w' = (1 - ηa) w and w ← (1 - ηa (1 - ηa)) w."""
    component, optimiser, weight = made(0.1, [2.0])
    there = step_on(component, optimiser, weight, slope=3.0)
    assert_close(there, torch.tensor([2.0 * 0.7], dtype=torch.float64))
    assert_close(weight.detach(), torch.tensor([2.0 * (1 - 0.3 * 0.7)], dtype=torch.float64))


def test_the_kept_point_is_used_once():
    """A second D step within the same step has no extrapolation before it and starts from where the first one ended."""
    component, optimiser, weight = made(0.1, [2.0])
    step_on(component, optimiser, weight, slope=3.0)
    step_on(component, optimiser, weight, slope=3.0, extrapolated=False)
    assert_close(weight.detach(), torch.tensor([2.0 * 0.79 * 0.7], dtype=torch.float64))


def test_a_weight_without_a_gradient_stays():
    component = optimisers.family.create("extra_sgd", {"lr": 0.1})
    weight, other = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([5.0]))
    optimiser = component.build([weight, other])
    step_on(component, optimiser, weight, slope=3.0)
    assert other.item() == 5.0


def test_nothing_is_kept_in_the_state():
    component, optimiser, weight = made(0.1, [2.0])
    step_on(component, optimiser, weight, slope=3.0)
    assert optimiser.state_dict()["state"] in ({}, {0: {}})


def test_it_needs_simultaneous_updates_and_says_that_it_looks_ahead():
    component = optimisers.family.find("extra_sgd")
    assert component.needs == {"updates": "simultaneous"}
    assert component.extrapolates


def test_rate_zero_keeps_the_weights_bit_for_bit():
    component, optimiser, weight = made(0.0, [1.0 / 3])
    step_on(component, optimiser, weight, slope=3.0)
    assert weight.item() == pytest.approx(1.0 / 3, abs=0)
