"""The extragradient method: descent that sees a cycle coming."""

from collections.abc import Iterable
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from contract.knobs import knob
from worker import optimisers
from worker.optimisers._extragradient import Extragradient
from worker.optimisers._memory_order import kept_in_order
from worker.optimisers._rate import RateParams


class _ExtraSgd(Extragradient):
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        return gradient


@optimisers.register
class ExtraSgd(optimisers.OptimiserComponent):
    """Extragradient: each step uses the gradient found where a plain step would have led.

    w' = w - lr ∇L(w), both players at once;  w ← w - lr ∇L(w'). In L = x y, where plain steps circle outwards, the
    distance to the solution shrinks by √(1 - lr² + lr⁴) a step. A step costs two gradients, each on a batch of its own.
    With several D steps to a G step only D's first is extrapolated.

    Source: Korpelevich 1976, The extragradient method for finding saddle points; for GANs Gidel et al. 2019,
    arXiv:1802.10551. Averages of its iterates are kept by averaging `uniform` and `ema`.
    """

    title: ClassVar[str] = "Extragradient"
    needs: ClassVar[dict[str, Any]] = {"updates": "simultaneous"}
    extrapolates: ClassVar[bool] = True

    class Params(RateParams):
        """The rate."""

        lr: float = knob(1e-2, ge=0, le=10, scale="log")
        """Learning rate of both half steps; at 0 the player stands still. A schedule multiplies it."""

    params: Params

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player, which has `extrapolate()`."""
        return kept_in_order(_ExtraSgd(parameters, {"lr": self.rate(1)}))
