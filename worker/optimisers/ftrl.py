"""Follow the regularised leader: a player whose regret is bounded whatever the other one does."""

import math
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._rate import RateParams, factor


class _Ftrl(Optimizer):
    """w ← w - (ηₜ Sₜ - ηₜ₋₁ Sₜ₋₁), which keeps w = w₁ - ηₜ Sₜ. State: `sum` S, `step` t, `lr` that S was begun with."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closures here
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        if state.get("lr") != group["lr"]:  # also the first time
            state["lr"], state["step"], state["sum"] = group["lr"], 0, torch.zeros_like(weight)
        state["step"] += 1
        now, before = (_eta(group, step) for step in (state["step"], max(1, state["step"] - 1)))
        weight.sub_(state["sum"], alpha=now - before)
        weight.sub_(gradient, alpha=now * group["factor"])
        state["sum"].add_(gradient, alpha=group["factor"])


def _eta(group: dict[str, Any], step: int) -> float:
    return float(group["lr"] / math.sqrt(step) if group["steps"] == "sqrt" else group["lr"])


@optimisers.register
class Ftrl(optimisers.OptimiserComponent):
    """Follow the regularised leader: goes to the minimiser of all losses so far, linearised, plus a distance.

    w_{t+1} = argmin_w Σ_{s≤t} <g_s, w> + ‖w - w₁‖² / (2 ηₜ) = w₁ - ηₜ Σ_{s≤t} g_s, with ηₜ = lr (`constant`) or
    lr/√t (`sqrt`). Constant steps are plain gradient descent exactly. With `sqrt` the regret against convex losses with
    bounded gradients is O(√T), so in a convex-concave game the average iterates of two such players approach an
    equilibrium; a GAN is no such game.

    t counts this player's steps since lr last changed. A new lr starts anew from where the player stands: w₁ is the
    present point, the sum is 0 and t = 1, for with the old sum the player would jump. A schedule weighs gradients as
    they come, so that it moves nothing by itself. What else changes weights (clipping, a projection) moves w₁ along.

    Source: Shalev-Shwartz 2012, doi:10.1561/2200000018; for GANs Kodali et al. 2017, arXiv:1705.07215, which reads
    alternating gradient descent in this way.
    """

    title: ClassVar[str] = "FTRL (no regret)"

    class Params(RateParams):
        """Rate, and how steps shrink."""

        lr: float = knob(1e-1, ge=0, le=10, scale="log", resets="the sum of gradients")
        """Rate of the first step; at 0 the player stands still. A schedule, if there is one, weighs the gradients."""
        steps: Literal["sqrt", "constant"] = "sqrt"
        """lr/√t, which bounds the regret, or lr throughout, which is gradient descent."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player."""
        ftrl = _Ftrl(parameters, {"lr": self.params.lr, "factor": 1.0, "steps": self.params.steps})
        self.refresh(ftrl, step=1)
        return kept_in_order(ftrl)

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write the knob lr, and the schedule's factor, into the groups."""
        for group in optimiser.param_groups:
            group["lr"] = self.params.lr
            group["factor"] = factor(self.params, step)
