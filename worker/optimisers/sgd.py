"""Plain gradient descent: what the theory of games talks about."""

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._rate import RateParams


@optimisers.register
class Sgd(optimisers.OptimiserComponent):
    """Gradient descent, with momentum if asked.

    b ← μ b + g (the first time b = g),  w ← w - lr b; with μ = 0 simply w ← w - lr g. No dampening, no Nesterov. A
    momentum that is turned to 0 and back finds the b it left.

    Source: Polyak 1964, doi:10.1016/0041-5553(64)90137-5, in torch's form, where the rate multiplies b as a whole.
    """

    title: ClassVar[str] = "SGD"

    class Params(RateParams):
        """Rate and momentum."""

        lr: float = knob(1e-2, ge=0, le=10, scale="log")
        """Learning rate; at 0 the player stands still. A schedule, if there is one, multiplies it."""
        momentum: float = knob(0.0, ge=0, lt=1)
        """Share of the last step's direction that is kept."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Torch's SGD in one fused kernel, on the device where the parameters are."""
        sgd = torch.optim.SGD(parameters, fused=True)
        self.refresh(sgd, step=1)
        return kept_in_order(sgd)

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write rate and momentum in force into the groups."""
        super().refresh(optimiser, step)
        for group in optimiser.param_groups:
            group["momentum"] = self.params.momentum
