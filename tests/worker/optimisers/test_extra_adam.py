import copy

import numpy as np
import torch
from torch import nn

from tests.worker.optimisers.by_hand import AdamByHand
from worker import optimisers

SLOPES = np.array([1.0, 10.0, 0.1])


def field(w, t):
    """A gradient that turns with the step, so that no two are alike."""
    return SLOPES * w + 0.3 * t


def play(component, optimiser, weight, steps, first=1):
    for t in range(first, first + steps):
        component.refresh(optimiser, step=1)
        weight.grad = torch.tensor(field(weight.detach().numpy(), t))
        optimiser.extrapolate()
        weight.grad = torch.tensor(field(weight.detach().numpy(), -t))
        optimiser.step()
    return weight.detach().numpy().copy()


def by_hand(w, lr, adam, steps):
    for t in range(1, steps + 1):
        ahead = w - lr * adam.direction(field(w, t))
        w = w - lr * adam.direction(field(ahead, -t))
    return w


def test_moments_move_at_both_points_and_the_step_starts_from_the_kept_one():
    component = optimisers.family.create("extra_adam", {"lr": 0.05, "beta1": 0.6, "beta2": 0.8})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64))
    moved = play(component, component.build([weight]), weight, 4)
    expected = by_hand(np.array([1.0, -1.0, 0.5]), 0.05, AdamByHand(0.6, 0.8), 4)
    np.testing.assert_allclose(moved, expected, rtol=1e-12)


def test_defaults_are_those_of_the_public_code_for_g():
    params = optimisers.family.create("extra_adam", {}).params
    assert (params.lr, params.beta1, params.beta2) == (5e-5, 0.5, 0.9)


def test_goes_on_bit_for_bit_between_two_steps_from_a_saved_state():
    component = optimisers.family.create("extra_adam", {"lr": 0.05})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.5], dtype=torch.float64))
    optimiser = component.build([weight])
    play(component, optimiser, weight, 2)
    resumed = nn.Parameter(weight.detach().clone())
    other = component.build([resumed])
    other.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    expected = play(component, optimiser, weight, 2, first=3)
    assert np.array_equal(play(component, other, resumed, 2, first=3), expected)
