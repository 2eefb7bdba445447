"""Consensus optimisation: both players also make the gradients smaller, and stop circling each other."""

from typing import ClassVar

import torch
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.regularisers import GameView


@regularisers.register
class Consensus(regularisers.Regulariser):
    """Consensus optimisation: each player also goes down on the squared gradients of both.

    ∇_w ← ∇_w + γ ∇_w (½ ‖∇_G L_G‖² + ½ ‖∇_D L_D‖²) for all weights w of **both** players, each gradient that of a
    player's own loss with respect to its own weights. **The ½ is inside.** L_G and L_D are the adversarial losses with
    their label terms, as `label_smoothing` and `top_k` make them; penalties are left out. Both are computed on the
    samples of the phase at hand, with noise and augmentation drawn anew. In the game L = xy with rates η, simultaneous
    steps shrink the distance to the solution by √((1 - γη)² + η²) each, as long as 2γ > η (1 + γ²); without it they
    stretch it by √(1 + η²).

    The paper's players move simultaneously (`updates`); with alternating ones G's term is taken at the D that has just
    moved. Each phase computes both losses once more, with second derivatives.

    Source: Mescheder, Nowozin & Geiger 2017, arXiv:1705.10461, algorithm 2; code LMescheder/TheNumericsOfGANs, with
    RMSProp at 1e-4, γ = 10 on 2-D toys and 0.1 on CIFAR-10.
    """

    title: ClassVar[str] = "Consensus optimisation"

    class Params(ComponentParams):
        """How strong."""

        weight: float = knob(10.0, ge=0, le=1000, scale="log")
        """γ: factor before the gradient of the halved squared gradients; at 0 nothing is computed."""

    params: Params

    def gradients(self, player: Player, view: GameView) -> None:
        """Add the term to `.grad` of that player's weights."""
        if self.params.weight == 0:
            return
        weights = view.parameters[player]
        added = torch.autograd.grad(_half_squared_gradients(view), weights, allow_unused=True)
        for weight, term in zip(weights, added, strict=True):
            if term is not None:
                term = term * self.params.weight
                weight.grad = term if weight.grad is None else weight.grad.add_(term)


def _half_squared_gradients(view: GameView) -> Tensor:
    """½ ‖∇_G L_G‖² + ½ ‖∇_D L_D‖², with a graph to the weights of both."""
    losses = view.losses()
    gradients = [
        gradient
        for player, weights in view.parameters.items()
        for gradient in torch.autograd.grad(losses[player], weights, create_graph=True, allow_unused=True)
        if gradient is not None
    ]
    return torch.stack([gradient.square().sum() for gradient in gradients]).sum() / 2
