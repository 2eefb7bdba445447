import numpy as np
import torch
from torch import nn

from worker import optimisers

GRADIENTS = [np.array([0.5, -2.0, 1e-3]), np.array([-1.0, 0.25, 4.0]), np.array([0.1, 0.1, -0.1])]


def adam_by_hand(w, steps):
    """Algorithm 1 of Kingma & Ba in float64; steps: (gradient, lr, beta1, beta2, eps)."""
    m = v = np.zeros_like(w)
    for t, (g, lr, beta1, beta2, eps) in enumerate(steps, start=1):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g * g
        w = w - lr * (m / (1 - beta1**t)) / (np.sqrt(v / (1 - beta2**t)) + eps)
    return w


def run(component, weight, optimiser, gradients):
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=torch.float32)
        component.refresh(optimiser, step=1)
        optimiser.step()


def test_follows_the_papers_algorithm():
    component = optimisers.family.create("adam", {"lr": 0.01, "beta1": 0.8, "beta2": 0.9, "eps": 1e-4})
    weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
    run(component, weight, component.build([weight]), GRADIENTS)
    expected = adam_by_hand(np.array([1.0, -1.0, 0.0]), [(g, 0.01, 0.8, 0.9, 1e-4) for g in GRADIENTS])
    np.testing.assert_allclose(weight.detach().numpy(), expected, rtol=1e-5, atol=1e-7)


def test_defaults_are_dcgans():
    params = optimisers.family.create("adam", {}).params
    assert (params.lr, params.beta1, params.beta2, params.eps) == (2e-4, 0.5, 0.999, 1e-8)


def test_knobs_turned_mid_run_count_from_the_next_step():
    component = optimisers.family.create("adam", {"lr": 0.01})
    weight = nn.Parameter(torch.zeros(3))
    optimiser = component.build([weight])
    run(component, weight, optimiser, GRADIENTS[:2])
    component.params.lr, component.params.beta1, component.params.beta2 = 0.1, 0.9, 0.99
    run(component, weight, optimiser, GRADIENTS[2:])
    steps = [(g, 0.01, 0.5, 0.999, 1e-8) for g in GRADIENTS[:2]] + [(GRADIENTS[2], 0.1, 0.9, 0.99, 1e-8)]
    np.testing.assert_allclose(weight.detach().numpy(), adam_by_hand(np.zeros(3), steps), rtol=1e-5, atol=1e-7)
