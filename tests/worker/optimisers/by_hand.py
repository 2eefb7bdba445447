"""Gradients to feed to an optimiser, and Adam's direction written out in NumPy."""

import numpy as np
import torch

GRADIENTS = [
    np.array([0.5, -2.0, 1e-3]),
    np.array([-1.0, 0.25, 4.0]),
    np.array([0.1, 0.1, -0.1]),
    np.array([2.0, -1.0, 0.3]),
]


class AdamByHand:
    """Algorithm 1 of Kingma & Ba in float64."""

    def __init__(self, beta1, beta2, eps=1e-8):
        self.beta1, self.beta2, self.eps = beta1, beta2, eps
        self.m = self.v = 0.0
        self.t = 0

    def direction(self, g):
        self.t += 1
        self.m = self.beta1 * self.m + (1 - self.beta1) * g
        self.v = self.beta2 * self.v + (1 - self.beta2) * g * g
        corrected = self.v / (1 - self.beta2**self.t)
        return (self.m / (1 - self.beta1**self.t)) / (np.sqrt(corrected) + self.eps)


def feed(component, weight, optimiser, gradients, step=1):
    """One step a gradient; the weight as float64."""
    for gradient in gradients:
        weight.grad = torch.tensor(gradient, dtype=weight.dtype)
        component.refresh(optimiser, step=step)
        optimiser.step()
    return weight.detach().double().numpy()
