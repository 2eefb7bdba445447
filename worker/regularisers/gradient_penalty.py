"""WGAN-GP: D's slope is pushed to one between real and fake samples, which is what makes it a Wasserstein critic."""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import PenaltyView
from worker.regularisers._gradients import input_gradients


@regularisers.register
class GradientPenalty(regularisers.Regulariser):
    """Gradient penalty (WGAN-GP): the slope of D between real and fake samples is pushed to the target.

    penalty = mean (‖∇D(x̂)‖ - t)²,  x̂ = ε x + (1 - ε) G(z),  ε ~ U(0, 1) **one a sample**; Euclidean norm over all
    dimensions of a sample, D the logit, t the target. No ½. A critic D(x) = w·x gives exactly (‖w‖ - t)².

    Source: Gulrajani et al. 2017, arXiv:1704.00028, eq. (3), λ = 10 (0.1 in its code for 2-D toys) with 5 D steps a
    G step. D must not have batch normalisation. x̂ is judged with the real sample's labels; the paper has none.
    """

    title: ClassVar[str] = "Gradient penalty (WGAN-GP)"
    flat_penalty: ClassVar[float | None] = 1.0

    class Params(ComponentParams):
        """How strong, to which slope, and how often."""

        weight: float = knob(10.0, ge=0, le=1000, scale="log")
        """λ: factor before the penalty."""
        target: float = knob(1.0, ge=0, le=100, unit="logits per unit of x")
        """The slope that D is pushed to."""
        every: int = Field(1, ge=1, le=1000)
        """D steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Literal["D"] = "D"
        """Whose loss it is added to: D's alone."""

    params: Params

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (logits per unit of x)², mean over the batch."""
        eps_shape = (len(view.real), *[1] * (view.real.ndim - 1))
        eps = torch.rand(eps_shape, generator=view.generator, device=view.generator.device).to(view.real)
        between = torch.lerp(view.fake, view.real, eps)
        slopes: Tensor = torch.linalg.vector_norm(input_gradients(view, between, view.real_labels), dim=1)
        return (slopes - self.params.target).square().mean()
