"""RMSProp: what WGAN and the studies of GAN dynamics trained with."""

from collections.abc import Iterable
from typing import ClassVar

import torch
from pydantic import Field
from torch import nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._rate import RateParams


@optimisers.register
class Rmsprop(optimisers.OptimiserComponent):
    """RMSProp: steps along the gradient, scaled by its running size; Adam without a memory of the direction.

    v ← α v + (1 - α) g²,  w ← w - lr g / (√v + ε). Element by element; v starts at 0 and is not corrected for it, so
    the first step is lr/√(1 - α) long, ten times lr with α = 0.99. No momentum, not centred.

    Source: Tieleman & Hinton 2012, Coursera, Neural Networks for Machine Learning, lecture 6.5, in torch's form, which
    adds ε outside the root. Default rate: Arjovsky et al. 2017, arXiv:1701.07875.
    """

    title: ClassVar[str] = "RMSProp"

    class Params(RateParams):
        """Rate and memory."""

        lr: float = knob(5e-5, ge=0, le=1, scale="log")
        """Learning rate; at 0 the player stands still. A schedule, if there is one, multiplies it."""
        alpha: float = knob(0.99, ge=0, lt=1)
        """Memory of the gradient's square."""
        eps: float = Field(1e-8, gt=0, le=1)
        """Added to the root of the mean square."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Torch's RMSprop, which has no fused kernel; its loop over weights runs in C++."""
        rmsprop = torch.optim.RMSprop(parameters, eps=self.params.eps, foreach=True)
        self.refresh(rmsprop, step=1)
        return kept_in_order(rmsprop)

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write rate and memory in force into the groups."""
        super().refresh(optimiser, step)
        for group in optimiser.param_groups:
            group["alpha"] = self.params.alpha
