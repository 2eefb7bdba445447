"""What Adam and its kin share: params, and the direction that some of them do something else with than step along."""

from collections.abc import Mapping, MutableMapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.optim import Optimizer

from contract.knobs import knob
from worker.optimisers import OptimiserComponent
from worker.optimisers._rate import RateParams


class AdamParams(RateParams):
    """Rate and memory."""

    beta1: float = knob(0.5, ge=0, lt=1)
    """Memory of the gradient's mean."""
    beta2: float = knob(0.999, ge=0, lt=1)
    """Memory of the gradient's square."""
    eps: float = Field(1e-8, gt=0, le=1)
    """Added to the root of the mean square."""


class AdamLike(OptimiserComponent):
    """Whatever has Adam's rate and memory."""

    Params = AdamParams
    params: AdamParams

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write rate and betas in force into the groups."""
        super().refresh(optimiser, step)
        for group in optimiser.param_groups:
            group["betas"] = (self.params.beta1, self.params.beta2)


def adam_direction(gradient: Tensor, state: MutableMapping[str, Any], group: Mapping[str, Any]) -> Tensor:
    """Take a weight's gradient into its moments; m̂ / (√v̂ + ε), as in `adam`.

    Args:
        gradient: of one weight.
        state: of that weight; `step`, `exp_avg` and `exp_avg_sq` are begun and moved here.
        group: with `betas` and `eps`.

    Returns:
        In the gradient's shape; a tensor of its own.
    """
    beta1, beta2 = group["betas"]
    if "step" not in state:
        state["step"] = 0
        state["exp_avg"] = torch.zeros_like(gradient)
        state["exp_avg_sq"] = torch.zeros_like(gradient)
    state["step"] += 1
    mean, square = state["exp_avg"], state["exp_avg_sq"]
    mean.mul_(beta1).add_(gradient, alpha=1 - beta1)
    square.mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
    size = (square / (1 - beta2 ** state["step"])).sqrt_().add_(group["eps"])
    direction: Tensor = (mean / (1 - beta1 ** state["step"])).div_(size)
    return direction
