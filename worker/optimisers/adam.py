"""Adam, with the settings that GANs have used since DCGAN."""

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
class Adam(optimisers.OptimiserComponent):
    """Adam: steps along the running mean of the gradient, scaled by its running size.

    m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  w ← w - lr m̂ / (√v̂ + ε), where m̂ = m / (1 - β₁ᵗ) and
    v̂ = v / (1 - β₂ᵗ). Element by element; t counts this player's steps. A β that is changed mid-run counts from then
    on, and its bias correction as if it had held from the start.

    Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. Defaults: Radford et al. 2016, arXiv:1511.06434.
    """

    title: ClassVar[str] = "Adam"

    class Params(RateParams):
        """Rate and memory."""

        beta1: float = knob(0.5, ge=0, lt=1)
        """Memory of the gradient's mean."""
        beta2: float = knob(0.999, ge=0, lt=1)
        """Memory of the gradient's square."""
        eps: float = Field(1e-8, gt=0, le=1)
        """Added to the root of the mean square."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Torch's Adam in one fused kernel, on the device where the parameters are."""
        adam = torch.optim.Adam(parameters, eps=self.params.eps, fused=True)
        self.refresh(adam, step=1)
        return kept_in_order(adam)

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write rate and betas in force into the groups."""
        rate = self.rate(step)
        for group in optimiser.param_groups:
            group["lr"] = rate
            group["betas"] = (self.params.beta1, self.params.beta2)
