"""The Wasserstein game: D is a critic whose difference of means estimates a distance."""

from typing import Any, ClassVar

from torch import Tensor

from worker import losses
from worker.verdict import Verdict


@losses.register
class Wasserstein(losses.Loss):
    """Wasserstein loss: the critic pulls the means of its logits apart, G follows.

    L_D = mean D(G(z)) - mean D(x),  L_G = -mean D(G(z)).   High logit means real.
    Zero logits give L_D = L_G = 0. If D is 1-Lipschitz, -L_D is at most the Wasserstein-1 distance of real and fake;
    nothing here makes it so: add `gradient_penalty` or `spectral_norm`, or the logits run away.

    Source: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1, lines 5 and 10, without its weight clipping.
    """

    title: ClassVar[str] = "Wasserstein"
    provides: ClassVar[dict[str, Any]] = {"linear": True}

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, logits, mean over the batch."""
        return fake.logits.mean() - real.logits.mean()

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, logits, mean over the batch."""
        return -fake.logits.mean()
