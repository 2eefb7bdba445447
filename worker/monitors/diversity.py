"""How far apart samples lie, beside how far apart real ones do."""

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._judged import fresh_samples


@monitors.register
class Diversity(monitors.Monitor):
    """Diversity: the mean distance of two samples, over that of two real ones.

    Of n fresh samples x_i of the averaged G in eval mode, flattened:

    d = 2 / (n (n-1)) · Σ_{i<j} ‖x_i - x_j‖₂,  ratio = d / d_real,

    d_real being that of n real samples, the same at every look. Distances are in the data's own unit: pixels run from
    -1 to 1. Unbiased (a U-statistic); its standard error is about 2 √(var(h) / n), h_i the mean distance of sample i to
    the others. Float32 distances, summed in float64. All labels are mixed, as the data have them.

    A ratio of 1 is no proof of health, only as much spread as the data have; a G of noise has that too. NaN where a
    sample is not finite.
    """

    title: ClassVar[str] = "Diversity"
    needs: ClassVar[dict[str, Any]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="diversity.ratio",
            unit="of real",
            meaning="Mean distance of two of n = 64 fresh samples, over that of two of 64 real ones.",
            high_is="good",
        ),
        SeriesDescription(
            name="diversity.ratio.error",
            unit="of real",
            meaning="Standard error of diversity.ratio over samples of G, about 2 √(var(h) / n), with h_i the mean "
            "distance of sample i to the others; the real samples stay the same.",
        ),
        SeriesDescription(
            name="diversity.real",
            unit="data units",
            meaning="Mean distance of two of 64 real samples, the same at every look: what the ratio is over.",
        ),
    )

    class Params(MonitorParams):
        """How often, and how many samples."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(64, ge=3, le=10_000)
        """Samples a look, and real ones beside them."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        samples, _ = fresh_samples(view, self.params.n)
        real, _ = view.dataset.sample(self.params.n, view.fixed)
        floor = mean_distances(real.to(view.device)).mean()
        to_others = mean_distances(samples)
        stderr = 2 * to_others.std() / self.params.n**0.5
        scalars = {
            "diversity.ratio": to_others.mean() / floor,
            "diversity.ratio.error": stderr / floor,
            "diversity.real": floor,
        }
        return Measurement(scalars=scalars)


def mean_distances(samples: Tensor) -> Tensor:
    """Mean distance of each sample to the others: (n, *sample) → (n,), float64."""
    flat = samples.detach().flatten(1).float()
    # Differences themselves, not |a|² + |b|² - 2ab, which is 0 or worse for samples that are nearly alike.
    distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist").double()
    return distances.sum(1) / (len(flat) - 1)
