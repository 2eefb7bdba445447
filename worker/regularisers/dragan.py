"""DRAGAN: D's slope is pushed to one around the real samples, where a sharp D would let G pile up."""

import math
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
class Dragan(regularisers.Regulariser):
    """DRAGAN: the slope of D is pushed to k at points near real samples.

    penalty = mean (‖∇D(x̂)‖ - k)²,  x̂ near a real x; Euclidean norm over all dimensions of a sample, D the logit.
    No ½. A critic D(x) = w·x gives exactly (‖w‖ - k)², whatever the noise. x̂ is judged with the labels of x.
    With σ the standard deviation of all numbers of the batch, u ~ U(0, 1) one a number, α ~ U(0, 1) one a sample:

    - `uniform_one_sided`, the authors' code (c = 0.5): x̂ = x + α c σ u, which shifts x by c σ / 4 on average;
    - `uniform_two_sided`, compare_gan's (c = 0.5): x̂ = x + c σ (2u - 1), here without its clipping to [0, 1];
    - `gaussian`, the paper's formula: x̂ = x + δ, δ ~ N(0, c I), so that c is a variance in units of x, **not** a
      multiple of σ: scale it to the data.

    The default is what the authors' code does, and its noise scales with the data. Which c the paper takes for its
    formula is not confirmed, so none is given here as the paper's. After the authors' own advice a small c gives better
    samples, a larger one more stability, and x̂ should not lie among the data.

    Source: Kodali et al. 2017, arXiv:1705.07215; authors' code kodalinaveen3/DRAGAN, with λ = 10, k = 1. It was made
    for the non-saturating loss and works with any. D should not have batch normalisation, which couples the samples.
    """

    title: ClassVar[str] = "DRAGAN (gradient near real samples)"
    flat_penalty: ClassVar[float | None] = 1.0

    class Params(ComponentParams):
        """How strong, to which slope, how far from the data, and how often."""

        weight: float = knob(10.0, ge=0, le=1000, scale="log")
        """λ: factor before the penalty."""
        k: float = knob(1.0, ge=0, le=100, unit="logits per unit of x")
        """The slope that D is pushed to."""
        c: float = knob(0.5, ge=0, le=100)
        """How far x̂ lies from x: a factor before the batch's standard deviation, or the variance of Gaussian noise."""
        noise: Literal["gaussian", "uniform_one_sided", "uniform_two_sided"] = "uniform_one_sided"
        """How x̂ is drawn around x: see above."""
        every: int = Field(1, ge=1, le=1000)
        """D steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Literal["D"] = "D"
        """Whose loss it is added to: D's alone."""

    params: Params

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (logits per unit of x)², mean over the batch."""
        gradients = input_gradients(view, self._near(view.real, view.generator), view.real_labels)
        slopes: Tensor = torch.linalg.vector_norm(gradients, dim=1)
        return (slopes - self.params.k).square().mean()

    def _near(self, x: Tensor, generator: torch.Generator) -> Tensor:
        c, on = self.params.c, generator.device
        if self.params.noise == "gaussian":
            return x + math.sqrt(c) * torch.randn(x.shape, generator=generator, device=on).to(x)
        reach = c * x.std(correction=0)
        u = torch.rand(x.shape, generator=generator, device=on).to(x)
        if self.params.noise == "uniform_two_sided":
            return x + reach * (2 * u - 1)
        alpha = torch.rand((len(x), *[1] * (x.ndim - 1)), generator=generator, device=on).to(x)
        return x + alpha * reach * u
