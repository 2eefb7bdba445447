"""The hinge game of SAGAN and BigGAN: D stops learning from samples that it tells apart with a margin."""

from typing import ClassVar

from torch import Tensor
from torch.nn import functional as F

from contract.components import ComponentParams
from contract.knobs import knob
from worker import losses
from worker.verdict import Verdict


@losses.register
class Hinge(losses.Loss):
    """Hinge loss: D wants real logits above +margin, fake ones below -margin.

    L_D = mean relu(m - D(x)) + mean relu(m + D(G(z))),  L_G = -mean D(G(z)).   High logit means real; m: the margin.
    Zero logits give L_D = 2m, L_G = 0.

    Source: Lim & Ye 2017, arXiv:1705.02894; Miyato et al. 2018, arXiv:1802.05957, eq. (16) and (17), both with m = 1.
    """

    title: ClassVar[str] = "Hinge"

    class Params(ComponentParams):
        """The margin."""

        margin: float = knob(1.0, gt=0, le=10, unit="logits")
        """Distance from zero at which a logit stops paying."""

    params: Params

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, logits, mean over the batch."""
        margin = self.params.margin
        return F.relu(margin - real.logits).mean() + F.relu(margin + fake.logits).mean()

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, logits, mean over the batch."""
        return -fake.logits.mean()
