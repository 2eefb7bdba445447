"""No conditioning: the labels of the data, if there are any, do not enter the game."""

from typing import ClassVar

from torch import Tensor

from worker import conditioning
from worker.verdict import Verdict


@conditioning.register
class NoConditioning(conditioning.Conditioning):
    """Labels do not enter: G maps latents alone, D only tells real from fake."""

    title: ClassVar[str] = "None"

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> None:
        """None: D has no label term."""

    def generator(self, fake: Verdict, fake_labels: Tensor) -> None:
        """None: G has no label term."""
