"""Optimistic mirror descent: plain descent that bets on the next gradient being like the last change."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._optimistic import Optimistic
from worker.optimisers._rate import RateParams


class _OptimisticSgd(Optimistic):
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        return gradient.clone()


@optimisers.register
class OptimisticSgd(optimisers.OptimiserComponent):
    """Optimistic gradient descent (OMD): w ← w - 2 lr gₜ + lr gₜ₋₁, with g₀ = g₁.

    That is a plain step plus lr (gₜ - gₜ₋₁), a guess of how the gradient goes on changing. In L = x y the last iterate
    converges where plain simultaneous steps spiral outwards, at one gradient a step. Both rates are the one in force,
    also after a change. The proofs are for simultaneous updates; alternating ones are not refused.

    Source: Daskalakis et al. 2018, arXiv:1711.00141, without its Adam; public code of Gidel et al. 2019,
    arXiv:1802.10551.
    """

    title: ClassVar[str] = "Optimistic gradient descent"

    class Params(RateParams):
        """The rate."""

        lr: float = knob(1e-2, ge=0, le=10, scale="log")
        """Learning rate; at 0 the player stands still. A schedule, if there is one, multiplies it."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player."""
        return kept_in_order(_OptimisticSgd(parameters, {"lr": self.rate(1)}))
