"""The original game as its theory has it: G minimises what D maximises."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from worker import losses
from worker.losses._targets import cross_entropy
from worker.verdict import Verdict


@losses.register
class Minimax(losses.Loss):
    """Minimax loss: D tells real from fake by cross-entropy, G lowers D's chance of seeing that its samples are fake.

    L_D = mean softplus(-D(x)) + mean softplus(D(G(z))),  L_G = -mean softplus(D(G(z))).   High logit means real.
    softplus(t) = log(1 + e^t), so L_G = mean log(1 - sigmoid(D(G(z)))): minus the part of L_D that G can move, in nats.
    Zero logits give L_D = 2 log 2, L_G = -log 2. ∂L_G/∂D = -sigmoid(D) dies out where D is sure that a sample is fake,
    which is where G has most to learn: `nonsaturating` mends that. With `label_smoothing` the real part is the
    cross-entropy to its targets t instead: t softplus(-D) + (1 - t) softplus(D).

    Source: Goodfellow et al. 2014, arXiv:1406.2661, eq. (1), for both players.
    """

    title: ClassVar[str] = "Minimax (saturates)"
    provides: ClassVar[Mapping[str, Any]] = {"targets": True}
    saturates = True

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return cross_entropy(real, 1.0) + cross_entropy(fake, 0.0)

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the batch."""
        return -F.softplus(fake.logits).mean()
