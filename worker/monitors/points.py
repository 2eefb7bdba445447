"""Generated and real points in the plane, over D's opinion of the plane."""

import math
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from contract.events import Points as PointsBody
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView

MARGIN = 0.15
"""Empty border on each side, as a share of what the real points span."""
DIGITS = 4
"""Decimal digits kept of a span: finer than a pixel of any screen, and half the bytes."""


@monitors.register
class Points(monitors.Monitor):
    """Points in the plane: what G makes of the same latents at every look, some real points, and D's logit around them.

    Generated points are of the averaged G, the lattice is of D, both in eval mode. High logit means real. The lattice
    covers all real points and a border of 15 %; generated points may lie outside. At the first of them, the gradient
    of D's logit with respect to the point: up the surface, where a loss that does not saturate pushes G's points.
    Coordinates are rounded to a
    ten-thousandth of what the real points span; logits to 0.0001, or finer where all of them span less than 1.
    A drawing, not an estimate: `modes` counts.
    """

    title: ClassVar[str] = "Points and D's surface"
    needs: ClassVar[dict[str, Any]] = {"sample": "points"}
    chart: ClassVar[str] = "points"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="points",
            kind="points",
            unit="logit",
            meaning="Generated points from the same latents at every look, real points, and D's logit on a lattice.",
        ),
    )

    class Params(MonitorParams):
        """How often, how many, how fine."""

        every: int = Field(200, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(512, ge=1, le=512)
        """Generated points, and real points at most."""
        lattice: int = Field(48, ge=2, le=96)
        """Places along each side at which D is asked."""
        arrows: int = Field(64, ge=0, le=512)
        """Generated points at which D's slope is drawn."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One picture of the plane."""
        fixed, samples = view.fixed, view.dataset.samples
        chosen = torch.randperm(len(samples), generator=fixed)[: self.params.n]
        generated = view.generate(view.latents(self.params.n, fixed), view.labels(self.params.n, fixed))
        low, high = samples.amin(0).double().cpu(), samples.amax(0).double().cpu()
        span = (high - low).clamp_min(torch.finfo(torch.float32).tiny)
        low, high = low - MARGIN * span, high + MARGIN * span
        decimals = _decimals(span.max().item())
        body = PointsBody(
            series="points",
            generated=_rounded(generated, decimals).tolist(),
            real=_rounded(samples[chosen], decimals).tolist(),
            extent=[low[0].item(), high[0].item(), low[1].item(), high[1].item()],
            field=self._field(view, low, high).tolist(),
            slopes=self._slopes(view, generated).tolist() if self.params.arrows else None,
        )
        return Measurement(points=[body])

    def _slopes(self, view: TrainingView, generated: Tensor) -> Tensor:
        """(arrows, 2), rounded to a ten-thousandth of the longest."""
        slopes = view.slope(generated[: self.params.arrows])
        longest = slopes[slopes.isfinite().all(1)].double().abs()
        return _rounded(slopes, _decimals(longest.max().item() if longest.numel() else 0.0))

    def _field(self, view: TrainingView, low: Tensor, high: Tensor) -> Tensor:
        """(lattice, lattice) logits: rows from low to high y, columns from low to high x."""
        n = self.params.lattice
        xs, ys = (torch.linspace(a, b, n) for a, b in zip(low.tolist(), high.tolist(), strict=True))
        y, x = torch.meshgrid(ys, xs, indexing="ij")
        logits = view.judge(torch.stack([x.flatten(), y.flatten()], dim=1).to(view.device)).logits.reshape(n, n)
        finite = logits[logits.isfinite()].double()
        span = (finite.max() - finite.min()).item() if len(finite) else 0.0
        # Never coarser than 0.0001: the page shows σ(logit), for which 3 is 3 however large a corner's logit is.
        return _rounded(logits, max(DIGITS, _decimals(span)))


def _decimals(span: float) -> int:
    """Decimal places that keep a ten-thousandth of the span."""
    return DIGITS - math.floor(math.log10(span)) if span > 0 else DIGITS


def _rounded(values: Tensor, decimals: int) -> Tensor:
    """Values in float64, rounded; NaN and infinities stay."""
    return torch.round(values.double().cpu(), decimals=decimals)
