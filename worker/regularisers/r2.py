"""R2: D is kept flat at G's samples, R1's partner."""

from typing import ClassVar

from torch import Tensor

from worker import regularisers
from worker.regularisers import PenaltyView
from worker.regularisers._zero_centred import ZeroCentred, mean_square_slope


@regularisers.register
class R2(ZeroCentred):
    """R2: the squared gradient of D at G's samples.

    penalty = mean over G(z) of ‖∇D(G(z))‖², squared norm over all dimensions of a sample, D the logit; added to D's
    loss, without a gradient to G. **No ½ inside** and none in the step, as in `r1`: the paper's (γ/2) E‖∇D‖² is
    `weight` = γ/2. A critic D(x) = w·x gives exactly ‖w‖².

    Source: Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, section 4.1, where it stands beside R1. R3GAN (Huang
    et al. 2024, arXiv:2501.05441) uses both on a relativistic loss: give both the same weight, γ/2.
    """

    title: ClassVar[str] = "R2 (gradient at G's samples)"

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (logits per unit of x)², mean over the batch."""
        return mean_square_slope(view, view.fake, view.fake_labels)
