"""The game of two numbers: where its players stand."""

import torch
from torch import Tensor

from worker.monitors import TrainingView


def standing(view: TrainingView) -> tuple[Tensor, Tensor]:
    """G's θ and D's ψ, 0-d float64, still on the device."""
    [theta], [psi] = view.G.parameters(), view.D.parameters()
    return theta.detach().double().squeeze(), psi.detach().double().squeeze()


def averaged_standing(view: TrainingView) -> tuple[Tensor, Tensor]:
    """The same of the averages, or of the players themselves where none are kept."""
    sample = view.generate(view.latents(1, view.generator), None)  # G's θ, whatever the latent is
    [psi] = view.averaged_D.parameters()
    return sample.detach().double().squeeze(), psi.detach().double().squeeze()


def gap(theta: Tensor, psi: Tensor, radius: float) -> Tensor:
    """Duality gap of L = -θ ψ on |θ|, |ψ| ≤ radius, at a point: 0-d."""
    return radius * (torch.abs(theta) + torch.abs(psi))
