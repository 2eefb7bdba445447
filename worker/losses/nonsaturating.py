"""The original game, with the loss for G that its paper advises."""

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from worker import losses
from worker.verdict import Verdict


@losses.register
class NonSaturating(losses.Loss):
    """Non-saturating loss: D tells real from fake by cross-entropy, G raises the logits of its samples.

    L_D = mean softplus(-D(x)) + mean softplus(D(G(z))),  L_G = mean softplus(-D(G(z))).   High logit means real.
    softplus(t) = log(1 + e^t), so softplus(-t) = -log sigmoid(t): these are the cross-entropies in nats, with no ½
    before D's sum. Zero logits give L_D = 2 log 2, L_G = log 2.

    Source: Goodfellow et al. 2014, arXiv:1406.2661, section 3: eq. (1) for D, and the advice below it for G.
    """

    title: ClassVar[str] = "Non-saturating"

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return F.softplus(-real.logits).mean() + F.softplus(fake.logits).mean()

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return F.softplus(-fake.logits).mean()
