"""How D's logits of real and of generated samples are spread, and how far they overlap."""

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from contract.events import Density
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._shown import shown


@monitors.register
class Scores(monitors.Monitor):
    """Scores: histograms of D(x) and of D(G(z)), how far they overlap, and how often D is right.

    D's logits of n real samples and of n generated ones, high = real, the same samples and latents at every look; both
    players as they train, in eval mode. Both histograms have the same bins, evenly from the lowest to the highest of
    all 2n logits (half a logit or more to each side where all are equal): `at` holds the middles of the bins, h wide.
    With c_k of n logits in bin k and p_k = c_k/n:

    density_k = p_k/h, so Σ density_k h = 1,  its standard error √(p_k(1-p_k)/n)/h.

    Logits that are not finite are in no bin: the sum is then the share of those that are.

    overlap = min over thresholds t of #{D(x) ≤ t}/n + #{D(G(z)) > t}/n, the sum of both error rates at the best
    threshold: 1 where the logit tells nothing, or tells it the wrong way round, 0 where a threshold separates them all;
    1 minus the one-sided Kolmogorov-Smirnov distance. Its standard error is √(a(1-a)/n + b(1-b)/n), a and b the two
    rates. With finite n it comes out too low: where both laws are the same, about 1 - √(π/4n) on average.

    right on real = share of D(x) > 0, right on fake = share of D(G(z)) < 0, standard error √(p(1-p)/n). With
    packing n/m packs of different samples are judged, as in training, and count as the samples. All four numbers are
    NaN where a logit is.
    """

    title: ClassVar[str] = "D's scores"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="scores.real",
            kind="density",
            unit="per logit",
            meaning="Histogram of D's logits of n real samples, the same at every look, 256 unless set otherwise, with "
            "each bin's standard error; integrates to the share of finite logits.",
        ),
        SeriesDescription(
            name="scores.fake",
            kind="density",
            unit="per logit",
            meaning="Histogram of D's logits of n generated samples, of the same latents at every look, in the bins of "
            "the real ones, with each bin's standard error; integrates to the share of finite logits.",
        ),
        SeriesDescription(
            name="scores.overlap",
            unit="share",
            meaning="Sum of D's error rates on n real and n generated samples (256 unless set otherwise) at the best "
            "threshold: 1 where the logit tells nothing, 0 where it separates them; too low by up to √(π/4n).",
        ),
        SeriesDescription(
            name="scores.overlap.error",
            unit="share",
            meaning="Standard error of the overlap, at the threshold found.",
        ),
        SeriesDescription(
            name="scores.right_on_real",
            unit="share",
            meaning="Share p of n real samples (256 unless set otherwise) whose logit is above 0; its standard error "
            "is √(p(1-p)/n).",
        ),
        SeriesDescription(
            name="scores.right_on_fake",
            unit="share",
            meaning="Share p of n generated samples (256 unless set otherwise) whose logit is below 0; its standard "
            "error is √(p(1-p)/n).",
        ),
    )

    class Params(MonitorParams):
        """How often, and how fine."""

        every: int = Field(100, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(256, ge=16, le=100_000)
        """Samples of each kind a look."""
        bins: int = Field(32, ge=2, le=512)
        """Bins of both histograms."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        these = shown(view, self.params.n)
        with torch.no_grad():
            real = view.D.eval()(these.real, these.real_labels).logits.double().cpu()
            fake = view.D.eval()(these.fake, these.fake_labels).logits.double().cpu()
        edges = bins_of(torch.cat([real, fake]), self.params.bins)
        return Measurement(
            scalars={
                **overlap(real, fake),
                "scores.right_on_real": _share(real),
                "scores.right_on_fake": _share(-fake),
            },
            densities=[histogram("scores.real", real, edges), histogram("scores.fake", fake, edges)],
        )


def bins_of(logits: Tensor, n_bins: int) -> Tensor:
    """(n_bins + 1,) float64: edges from the lowest to the highest finite logit; NaN where none is finite."""
    finite = logits[logits.isfinite()]
    if not len(finite):
        return torch.full((n_bins + 1,), math.nan, dtype=torch.float64)
    low, high = finite.amin(), finite.amax()
    # Closer than rounding tells apart: bins would have no width.
    if high - low <= 1e-9 * torch.maximum(high.abs(), low.abs()):
        half = max(0.5, 1e-6 * high.abs().item())
        low, high = low - half, high + half
    return torch.lerp(low, high, torch.linspace(0, 1, n_bins + 1, dtype=torch.float64))


def histogram(series: str, logits: Tensor, edges: Tensor) -> Density:
    """The density of the finite logits over the bins, as a share of all; the last bin has its upper edge."""
    finite = logits[logits.isfinite()]
    place = (torch.bucketize(finite, edges, right=True) - 1).clamp_max(len(edges) - 2)
    shares = torch.bincount(place, minlength=len(edges) - 1).double() / len(logits)
    widths = edges.diff()
    return Density(
        series=series,
        at=((edges[:-1] + edges[1:]) / 2).tolist(),
        density=(shares / widths).tolist(),
        stderr=((shares * (1 - shares) / len(logits)).sqrt() / widths).tolist(),
    )


def overlap(real: Tensor, fake: Tensor) -> dict[str, float]:
    """The least sum of both error rates over all thresholds, with its standard error."""
    if real.isnan().any() or fake.isnan().any():
        return {"scores.overlap": math.nan, "scores.overlap.error": math.nan}
    real, fake = real.sort().values, fake.sort().values
    # The best threshold is below everything, or at a generated sample's logit: further up only real ones are missed.
    missed = torch.cat([torch.zeros(1), torch.searchsorted(real, fake, right=True)]).double() / len(real)
    passed = 1 - torch.cat([torch.zeros(1), torch.searchsorted(fake, fake, right=True)]).double() / len(fake)
    best = (missed + passed).argmin()
    variance = missed * (1 - missed) / len(real) + passed * (1 - passed) / len(fake)
    return {
        "scores.overlap": (missed + passed)[best].item(),
        "scores.overlap.error": variance[best].sqrt().item(),
    }


def _share(logits: Tensor) -> float:
    """Share of the logits that are above 0; NaN if one of them is."""
    return math.nan if logits.isnan().any() else (logits > 0).double().mean().item()
