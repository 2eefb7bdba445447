"""Adam with extragradient steps."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._adam import AdamLike, AdamParams, adam_direction
from worker.optimisers._extragradient import Extragradient
from worker.optimisers._memory_order import kept_in_order


class _ExtraAdam(Extragradient):
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        return adam_direction(gradient, state, group)


@optimisers.register
class ExtraAdam(AdamLike):
    """ExtraAdam: Adam, each step with the gradient found where an Adam step would have led.

    w' = w - lr d(∇L(w)), both players at once;  w ← w - lr d(∇L(w')), where d(g) takes g into Adam's moments and gives
    m̂ / (√v̂ + ε): the moments move at both points, and t, which corrects their bias, counts both. A step costs two
    gradients, each on a batch of its own. With several D steps to a G step only D's first is extrapolated.

    Source: Gidel et al. 2019, arXiv:1802.10551, as its public code has it. Defaults: that code's β, and its rate for G;
    it gives D 5e-4.
    """

    title: ClassVar[str] = "ExtraAdam"
    needs: ClassVar[dict[str, Any]] = {"updates": "simultaneous"}
    extrapolates: ClassVar[bool] = True

    class Params(AdamParams):
        """Rate and memory."""

        lr: float = knob(5e-5, ge=0, le=1, scale="log")
        """Learning rate of both half steps; at 0 the player stands still. A schedule multiplies it."""
        beta2: float = knob(0.9, ge=0, lt=1)
        """Memory of the gradient's square."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player, which has `extrapolate()`."""
        adam = _ExtraAdam(parameters, {"eps": self.params.eps})
        self.refresh(adam, step=1)
        return kept_in_order(adam)
