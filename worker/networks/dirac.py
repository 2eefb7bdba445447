"""The smallest game there is: one parameter a player. What a method does here can be worked out by hand."""

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import networks
from worker.networks import Problem, UnfitNetwork
from worker.verdict import Verdict


class DiracGenerator(nn.Module):
    """G(z) = θ, whatever z is."""

    def __init__(self, theta: float) -> None:
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([theta]))

    def forward(self, z: Tensor, labels: Tensor | None = None) -> Tensor:
        """(N, 1), from N latents."""
        return self.theta.expand(len(z), 1)


class DiracDiscriminator(nn.Module):
    """D(x) = ψ x."""

    def __init__(self, psi: float) -> None:
        super().__init__()
        self.psi = nn.Parameter(torch.tensor([psi]))

    def forward(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """The verdict on x: (N, 1)."""
        return Verdict(logits=(x * self.psi).squeeze(1), features=x)


@networks.register
class Dirac(networks.Network):
    """Dirac GAN: G(z) = θ and D(x) = ψ x, one parameter a player.

    With dataset `origin` (real samples are all 0) and loss `wasserstein` it is the game L = x y: L_D = ψ θ and
    L_G = -ψ θ, so that gradient descent moves (θ, ψ) along (ψ, -θ): it circles the solution (0, 0). With
    simultaneous updates of rate η the distance to it grows by √(1 + η²) a step; alternating ones stay on an ellipse.

    Source: Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, definition 2.1.
    """

    title: ClassVar[str] = "Dirac (one parameter a player)"
    needs: ClassVar[dict[str, Any]] = {"sample": "scalar", "conditioned": [None]}
    provides: ClassVar[dict[str, Any]] = {"two_numbers": True}
    z_dim = 1

    class Params(ComponentParams):
        """Where the game starts."""

        theta: float = Field(1.0, ge=-100, le=100)
        """Start of G's parameter: where its one sample lies."""
        psi: float = Field(1.0, ge=-100, le=100)
        """Start of D's parameter: its slope."""

    params: Params

    def generator(self, problem: Problem) -> nn.Module:
        """G(z) = θ.

        Raises:
            UnfitNetwork: if samples are not scalars, or labels are asked for.
        """
        return DiracGenerator(_fitting(problem, self.params.theta))

    def discriminator(self, problem: Problem) -> nn.Module:
        """D(x) = ψ x.

        Raises:
            UnfitNetwork: if samples are not scalars, or labels are asked for.
        """
        return DiracDiscriminator(_fitting(problem, self.params.psi))


def _fitting(problem: Problem, start: float) -> float:
    if problem.sample_shape != (1,):
        raise UnfitNetwork(
            f"dirac makes scalars, shape (1,); the samples have shape {problem.sample_shape}. Take dataset 'origin'"
        )
    if problem.generator_classes or problem.label_head:
        raise UnfitNetwork("dirac has no place for labels; take conditioning 'none'")
    return start
