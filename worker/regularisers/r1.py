"""R1: D is kept flat at the real samples, so that the game comes to rest where G is right."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import PenaltyView
from worker.regularisers._gradients import input_gradients


@regularisers.register
class R1(regularisers.Regulariser):
    """R1: the squared gradient of D at real samples.

    penalty = mean over real x of ‖∇D(x)‖², squared norm over all dimensions of a sample, D the logit. **No ½ inside**
    and none in the step: the paper's (γ/2) E‖∇D‖² is `weight` = γ/2, so its γ = 10 is weight 5; the authors' code
    GAN_stability leaves the ½ out too, and its reg_param 10 is weight 10. A critic D(x) = w·x gives exactly ‖w‖².

    Source: Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, eq. (9). Lazy (`every`): Karras et al. 2020,
    arXiv:1912.04958, section 3.1. Batch normalisation in D couples the samples and blurs the gradient of one.
    """

    title: ClassVar[str] = "R1 (gradient at real samples)"
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

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (logits per unit of x)², mean over the batch."""
        return input_gradients(view, view.real, view.real_labels).square().sum(dim=1).mean()
