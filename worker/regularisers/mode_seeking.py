"""Mode seeking: G is paid for samples that lie as far apart as their latents do."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.regularisers import PenaltyView

_EPSILON = 1e-5
"""As in the authors' code: a G that makes one sample only pays 1e5, not infinity."""


@regularisers.register
class ModeSeeking(regularisers.Regulariser):
    """Mode seeking (MSGAN): G pays when two latents give nearly the same sample.

    penalty = 1 / ( mean |G(z₂, c) - G(z₁, c)| / mean |z₂ - z₁| + 1e-5 ), both means over the batch and all dimensions:
    a ratio of means, not a mean of ratios. No ½. z₁ are the latents of this phase with their samples and labels c,
    z₂ ~ N(0, I) fresh ones, judged by nobody. A linear G(z) = a z gives 1 / (|a| + 1e-5); a collapsed one gives 1e5,
    and no gradient there.

    Source: Mao et al. 2019, arXiv:1903.05628; authors' code HelenMao/MSGAN, λ = 1. Deviations: there D judges the
    samples of both latents in G's loss, here of z₁ alone; there both go through G in one pass, here in two, so that
    batch normalisation sees each half by itself, and its running statistics move once more a G step.
    """

    title: ClassVar[str] = "Mode seeking (MSGAN)"
    player: Player = "G"

    class Params(ComponentParams):
        """How strong, and how often."""

        weight: float = knob(1.0, ge=0, le=1000, scale="log")
        """λ: factor before the penalty."""
        every: int = Field(1, ge=1, le=1000)
        """Steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Literal["G"] = "G"
        """Whose loss it is added to: G's alone."""

    params: Params

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, unit of z per unit of x."""
        z = torch.randn(view.z.shape, generator=view.generator, device=view.generator.device).to(view.z)
        apart = (view.generate(z, view.fake_labels) - view.fake).abs().mean()
        return 1 / (apart / (z - view.z).abs().mean() + _EPSILON)
