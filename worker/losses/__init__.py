"""Adversarial losses of both players. High logit means real; every loss is a mean over the batch."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from torch import Tensor

from worker.registry import Component, Family
from worker.verdict import Verdict


class Loss(Component):
    """The game that the two players play; both minimise. Both see both verdicts."""

    needs: ClassVar[Mapping[str, Any]] = {"reconstruction": [None]}
    """A D that reconstructs plays BEGAN and nothing else."""
    saturates: ClassVar[bool] = False
    """True when G's gradient vanishes where D is sure that the sample is fake."""
    generator_needs_real: ClassVar[bool] = False
    """True when G's loss looks at the real verdict (relativistic losses); otherwise the step does not compute it."""

    answers: ClassVar[tuple[float, float] | None] = None
    """The logits that D is asked for on fake and on real samples, where more than that costs again (least squares).
    None: the surer an answer, the better, and 0 is where D takes no side."""

    @abstractmethod
    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, mean over the batch."""

    @abstractmethod
    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, mean over the batch; `real` is None unless `generator_needs_real`."""

    def after_step(self, real: Verdict, fake: Verdict) -> Mapping[str, Tensor]:
        """Called without gradients when both players have been updated.

        Args:
            real: D's answer on real samples in its last phase.
            fake: D's answer on G's samples in G's phase.

        Returns:
            Series declared in `series` → 0-d tensor. A loss with a state of its own moves it here.
        """
        return {}


family: Family[Loss] = Family("losses", Loss)
register = family.register
