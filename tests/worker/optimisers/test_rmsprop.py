import numpy as np
import torch
from torch import nn

from tests.worker.optimisers.by_hand import GRADIENTS, feed
from worker import optimisers


def rmsprop_by_hand(w, steps):
    """steps: (gradient, lr, alpha, eps)."""
    v = np.zeros_like(w)
    for g, lr, alpha, eps in steps:
        v = alpha * v + (1 - alpha) * g * g
        w = w - lr * g / (np.sqrt(v) + eps)
    return w


def test_follows_the_formula():
    component = optimisers.family.create("rmsprop", {"lr": 0.01, "alpha": 0.9, "eps": 1e-3})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
    moved = feed(component, weight, component.build([weight]), GRADIENTS)
    expected = rmsprop_by_hand(np.array([1.0, -1.0, 0.0]), [(g, 0.01, 0.9, 1e-3) for g in GRADIENTS])
    np.testing.assert_allclose(moved, expected, rtol=1e-5, atol=1e-7)


def test_knobs_turned_mid_run_count_from_the_next_step():
    component = optimisers.family.create("rmsprop", {"lr": 0.01})
    weight = nn.Parameter(torch.zeros(3))
    optimiser = component.build([weight])
    feed(component, weight, optimiser, GRADIENTS[:2])
    component.params.lr, component.params.alpha = 0.1, 0.5
    moved = feed(component, weight, optimiser, GRADIENTS[2:])
    steps = [(g, 0.01, 0.99, 1e-8) for g in GRADIENTS[:2]] + [(g, 0.1, 0.5, 1e-8) for g in GRADIENTS[2:]]
    np.testing.assert_allclose(moved, rmsprop_by_hand(np.zeros(3), steps), rtol=1e-5, atol=1e-7)


def test_the_first_step_is_ten_times_the_rate():
    component = optimisers.family.create("rmsprop", {"lr": 0.01})
    weight = nn.Parameter(torch.zeros(1))
    np.testing.assert_allclose(feed(component, weight, component.build([weight]), [np.array([-3.0])]), [0.1], rtol=1e-5)


def test_default_rate_is_wgans():
    assert optimisers.family.create("rmsprop", {}).params.lr == 5e-5
