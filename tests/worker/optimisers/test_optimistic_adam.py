import numpy as np
import torch
from torch import nn

from tests.worker.optimisers.by_hand import GRADIENTS, AdamByHand, feed
from worker import optimisers


def by_hand(w, lr, adam):
    before = None
    for gradient in GRADIENTS:
        direction = adam.direction(gradient)
        w = w - 2 * lr * direction + lr * (direction if before is None else before)
        before = direction
    return w


def test_follows_the_formula_with_the_direction_of_one_step_before():
    """The public Keras code brings that term in one step late."""
    component = optimisers.family.create("optimistic_adam", {"lr": 0.1, "beta1": 0.6, "beta2": 0.8, "eps": 1e-4})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
    moved = feed(component, weight, component.build([weight]), GRADIENTS)
    expected = by_hand(np.array([1.0, -1.0, 0.0]), 0.1, AdamByHand(0.6, 0.8, 1e-4))
    np.testing.assert_allclose(moved, expected, rtol=1e-5, atol=1e-6)


def test_the_first_step_is_adams():
    moved = {}
    for name in ("adam", "optimistic_adam"):
        component = optimisers.family.create(name, {"lr": 0.1, "beta1": 0.5, "beta2": 0.9})
        weight = nn.Parameter(torch.zeros(3))
        moved[name] = feed(component, weight, component.build([weight]), GRADIENTS[:1])
    np.testing.assert_allclose(moved["optimistic_adam"], moved["adam"], rtol=1e-6)


def test_defaults_are_those_of_the_public_code_for_g():
    params = optimisers.family.create("optimistic_adam", {}).params
    assert (params.lr, params.beta1, params.beta2) == (2e-5, 0.5, 0.9)
