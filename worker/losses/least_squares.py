"""The least-squares game: D answers with numbers near 1 and 0, and pays the square of what it is off."""

from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from worker import losses
from worker.verdict import Verdict


@losses.register
class LeastSquares(losses.Loss):
    """Least-squares loss: D's logit itself should be 1 on real samples and 0 on fake ones.

    L_D = ½ mean (D(x) - 1)² + ½ mean D(G(z))²,  L_G = ½ mean (D(G(z)) - 1)².   High logit means real; the ½ are inside.
    Zero logits give L_D = ½, L_G = ½; a D that answers ½ everywhere takes no side, at L_D = ¼, L_G = ⅛. Logits beyond 1
    or below 0 cost again, so a sample that fools D by much is pulled back. With `label_smoothing` the real part is
    ½ (D(x) - t)², t its targets.

    Source: Mao et al. 2017, arXiv:1611.04076, with the 0-1 coding a = 0, b = c = 1.
    """

    title: ClassVar[str] = "Least squares"
    provides: ClassVar[Mapping[str, Any]] = {"targets": True}
    answers = (0.0, 1.0)

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, squared logits, mean over the batch."""
        return _half_square(real, 1.0) + _half_square(fake, 0.0)

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, squared logits, mean over the batch."""
        return (fake.logits - 1).square().mean() / 2


def _half_square(verdict: Verdict, target: float) -> Tensor:
    return (verdict.logits - (target if verdict.target is None else verdict.target)).square().mean() / 2
