"""The original game, with the loss for G that its paper advises."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from worker import losses
from worker.losses._targets import cross_entropy
from worker.verdict import Verdict


@losses.register
class NonSaturating(losses.Loss):
    """Non-saturating loss: D tells real from fake by cross-entropy, G raises the logits of its samples.

    L_D = mean softplus(-D(x)) + mean softplus(D(G(z))),  L_G = mean softplus(-D(G(z))).   High logit means real.
    softplus(t) = log(1 + e^t), so softplus(-t) = -log sigmoid(t): these are the cross-entropies in nats, with no ½
    before D's sum. Zero logits give L_D = 2 log 2, L_G = log 2. With `label_smoothing` the real part is the
    cross-entropy to its targets t instead: t softplus(-D) + (1 - t) softplus(D).

    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3: eq. (1) for D, and the advice below it for G.
    """

    title: ClassVar[str] = "Non-saturating"
    provides: ClassVar[Mapping[str, Any]] = {"targets": True}

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return cross_entropy(real, 1.0) + cross_entropy(fake, 0.0)

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return F.softplus(-fake.logits).mean()
