"""Adam with optimistic steps."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._adam import AdamLike, AdamParams, adam_direction
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._optimistic import Optimistic


class _OptimisticAdam(Optimistic):
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        return adam_direction(gradient, state, group)


@optimisers.register
class OptimisticAdam(AdamLike):
    """Optimistic Adam: w ← w - 2 lr dₜ + lr dₜ₋₁, where d = m̂ / (√v̂ + ε) is Adam's direction, and d₀ = d₁.

    Both d are bias-corrected, each with its own t, and both rates are the one in force, also after a change.

    Source: Daskalakis et al. 2018, arXiv:1711.00141. Deviations: the first step is a plain one, where moments that
    begin at 0 would take it twice as long; and dₜ₋₁ is the direction of the step before, while the public Keras code
    stores the moments before it updates them, and so brings that term in one step late. Defaults: public code of Gidel
    et al. 2019, arXiv:1802.10551, for G; it gives D 2e-4.
    """

    title: ClassVar[str] = "Optimistic Adam"

    class Params(AdamParams):
        """Rate and memory."""

        lr: float = knob(2e-5, ge=0, le=1, scale="log")
        """Learning rate; at 0 the player stands still. A schedule, if there is one, multiplies it."""
        beta2: float = knob(0.9, ge=0, lt=1)
        """Memory of the gradient's square."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player."""
        adam = _OptimisticAdam(parameters, {"eps": self.params.eps})
        self.refresh(adam, step=1)
        return kept_in_order(adam)
