import numpy as np
import torch
from torch import nn

from tests.worker.optimisers.by_hand import GRADIENTS, feed
from worker import optimisers


def by_hand(w, rates):
    """w ← w - 2 η g + η (the gradient before), which at the first step is the first one."""
    before = GRADIENTS[0]
    for gradient, lr in zip(GRADIENTS, rates, strict=True):
        w = w - 2 * lr * gradient + lr * before
        before = gradient
    return w


def test_follows_the_formula():
    component = optimisers.family.create("optimistic_sgd", {"lr": 0.1})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
    moved = feed(component, weight, component.build([weight]), GRADIENTS)
    np.testing.assert_allclose(moved, by_hand(np.array([1.0, -1.0, 0.0]), [0.1] * 4), rtol=1e-5, atol=1e-6)


def test_the_first_step_is_a_plain_one():
    component = optimisers.family.create("optimistic_sgd", {"lr": 0.5})
    weight = nn.Parameter(torch.tensor([1.0]))
    assert feed(component, weight, component.build([weight]), [np.array([2.0])])[0] == 1 - 0.5 * 2


def test_a_new_rate_holds_for_both_terms():
    component = optimisers.family.create("optimistic_sgd", {"lr": 0.1})
    weight = nn.Parameter(torch.zeros(3))
    optimiser = component.build([weight])
    feed(component, weight, optimiser, GRADIENTS[:2])
    component.params.lr = 0.4
    moved = feed(component, weight, optimiser, GRADIENTS[2:])
    np.testing.assert_allclose(moved, by_hand(np.zeros(3), [0.1, 0.1, 0.4, 0.4]), rtol=1e-5, atol=1e-6)
