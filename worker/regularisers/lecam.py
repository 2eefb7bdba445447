"""LeCam: D's answers are held near where they have been, which helps when there are few real samples."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, cast

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import PenaltyView
from worker.verdict import Verdict


@regularisers.register
class Lecam(regularisers.Regulariser):
    """LeCam: real samples are not to be rated above the average fake one, nor fakes below the average real one.

    penalty = mean relu(D(x) - ā_fake)² + mean relu(ā_real - D(G(z)))²,  D the logit. No ½. ā_real and ā_fake are moving
    averages of the batches' mean logits, ā ← d ā + (1 - d) mean D, moved by this batch before they are used and held
    constant in the gradient. Up to step `start` they follow the batch (d = 0) and the penalty is 0. They are kept in
    checkpoints. With `every` above 1, or weight 0, they move only when the penalty is computed.

    Source: Tseng et al. 2021, arXiv:2104.03310. λ = 0.3, d = 0.99, start 1000, and what happens up to then, are those
    of StudioGAN's BigGAN on CIFAR-10. One deviation: averages begin at the first batch's means, not at a constant.
    """

    title: ClassVar[str] = "LeCam"
    flat_penalty: ClassVar[float | None] = 0.0

    class Params(ComponentParams):
        """How strong, from when on, how slow the averages are, and how often."""

        weight: float = knob(0.3, ge=0, le=1000, scale="log")
        """λ: factor before the penalty."""
        start: int = knob(1000, ge=0, le=1_000_000_000, unit="steps")
        """Last step without a penalty."""
        decay: float = knob(0.99, ge=0, lt=1)
        """d: what the averages keep of themselves at each batch."""
        every: int = Field(1, ge=1, le=1000)
        """D steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Literal["D"] = "D"
        """Whose loss it is added to: D's alone."""

    params: Params

    def __init__(self, params: Any, entry: str) -> None:  # Any: as in the base
        super().__init__(params, entry)
        self._averages: dict[str, Tensor] = {}

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, logits², mean over the batch."""
        real, fake = cast(Verdict, view.on_real).logits, view.on_fake.logits  # D's phase has both
        started = view.step > self.params.start
        self._averages = {
            "real": self._moved("real", real.detach().mean(), started=started),
            "fake": self._moved("fake", fake.detach().mean(), started=started),
        }
        if not started:
            return real.new_zeros(())
        above = F.relu(real - self._averages["fake"]).square().mean()
        return above + F.relu(self._averages["real"] - fake).square().mean()

    def _moved(self, which: str, mean: Tensor, *, started: bool) -> Tensor:
        if not started or which not in self._averages:
            return mean
        return torch.lerp(self._averages[which].to(mean), mean, 1 - self.params.decay)

    def state_dict(self) -> dict[str, Tensor]:
        """Both averages, 0-d; nothing before the first batch."""
        return dict(self._averages)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave."""
        self._averages = dict(state)
