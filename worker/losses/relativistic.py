"""The paired relativistic game: D says which sample of a pair is the real one."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor
from torch.nn import functional as F

from worker import losses
from worker.verdict import Verdict


@losses.register
class Relativistic(losses.Loss):
    """Paired relativistic loss (RpGAN): D wants each real sample to score above the fake one it is paired with.

    L_D = mean softplus(-(D(xᵢ) - D(G(zᵢ)))),  L_G = mean softplus(-(D(G(zᵢ)) - D(xᵢ))), in nats, over the N pairs of
    the batch: real sample i with fake sample i.   High logit means real; only differences of logits count. Zero logits
    give L_D = L_G = log 2. G's loss needs D's answer on real samples, which costs one more pass of D.

    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734, in the form that Huang et al. 2024 ("R3GAN"),
    arXiv:2501.05441, and their public code play with R1 and R2: add `r1` and `r2` for that.
    """

    title: ClassVar[str] = "Relativistic (paired)"
    provides: ClassVar[Mapping[str, Any]] = {"paired": True}
    generator_needs_real = True

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the pairs."""
        return F.softplus(fake.logits - real.logits).mean()

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, nats, mean over the pairs.

        Raises:
            ValueError: if D's answer on the real samples is missing.
        """
        if real is None:
            raise ValueError("the relativistic loss of G needs D's answer on real samples; got none")
        return F.softplus(real.logits - fake.logits).mean()
