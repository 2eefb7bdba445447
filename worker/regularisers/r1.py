"""R1: D is kept flat at the real samples, so that the game comes to rest where G is right."""

from typing import ClassVar

from torch import Tensor

from worker import regularisers
from worker.regularisers import PenaltyView
from worker.regularisers._zero_centred import ZeroCentred, mean_square_slope


@regularisers.register
class R1(ZeroCentred):
    """R1: the squared gradient of D at real samples.

    penalty = mean over real x of ‖∇D(x)‖², squared norm over all dimensions of a sample, D the logit. **No ½ inside**
    and none in the step: the paper's (γ/2) E‖∇D‖² is `weight` = γ/2, so its γ = 10 is weight 5; the authors' code
    GAN_stability leaves the ½ out too, and its reg_param 10 is weight 10. A critic D(x) = w·x gives exactly ‖w‖².

    Source: Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, eq. (9). Lazy (`every`): Karras et al. 2020,
    arXiv:1912.04958, section 3.1. Batch normalisation in D couples the samples and blurs the gradient of one.
    """

    title: ClassVar[str] = "R1 (gradient at real samples)"

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (logits per unit of x)², mean over the batch."""
        return mean_square_slope(view, view.real, view.real_labels)
