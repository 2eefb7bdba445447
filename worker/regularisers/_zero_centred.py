"""What R1 and R2 share: D's squared gradient at samples of one kind, and its params."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker.regularisers import PenaltyView, Regulariser
from worker.regularisers._gradients import input_gradients


class ZeroCentred(Regulariser):
    """Base of the zero-centred gradient penalties."""

    flat_penalty: ClassVar[float | None] = 0.0

    class Params(ComponentParams):
        """How strong, and how often."""

        weight: float = knob(10.0, ge=0, le=1000, scale="log")
        """Factor before the penalty: γ/2 of the paper."""
        every: int = Field(1, ge=1, le=1000)
        """D steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Literal["D"] = "D"
        """Whose loss it is added to: D's alone."""

    params: Params


def mean_square_slope(view: PenaltyView, x: Tensor, labels: Tensor | None) -> Tensor:
    """Mean of ‖∇D(x)‖² over the samples x, a scalar, (logits per unit of x)²."""
    return input_gradients(view, x, labels).square().sum(dim=1).mean()
