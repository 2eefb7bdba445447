"""How alike two pictures of the same class are."""

import math
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.monitors import Measurement, MonitorParams, TrainingView

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Of the scales, the finest first: Wang, Simoncelli & Bovik, section 3.2."""
WINDOW = 7
"""Side of the window in pixels; published: 11, which a picture of 16 has room for once, and one of 8 never."""
SIGMA = 1.5
"""Standard deviation of the Gaussian in the window in pixels, as published."""
C1, C2 = 0.01**2, 0.03**2
"""Keep the quotients finite where a window is flat, for values in [0, 1], as published."""
CHOICE_SEED = 1610_09585
"""Real pairs are chosen from this seed."""


@monitors.register
class MsSsim(monitors.Monitor):
    """MS-SSIM within a class: the mean similarity of pairs of pictures that were asked for with the same labels.

    Each pair is two latents with one draw of the labels of the data. For values in [0, 1], in windows with Gaussian
    weights, of means μ, variances σ² and covariance σ_xy:

    l = (2 μ_x μ_y + C1)/(μ_x² + μ_y² + C1),  cs = (2 σ_xy + C2)/(σ_x² + σ_y² + C2),
    MS-SSIM = Π_j max(0, mean cs at scale j)^w_j, times, at the coarsest scale, l within the mean,

    each scale the last one averaged over 2×2 pixels; mean over the colours. 1: equal; near 0: nothing in common. A G
    that makes one picture a class has 1; `.real` is that of as many pairs of real pictures of the same labels. Errors
    are the standard deviation over pairs / √pairs: pairs are independent.

    Pictures are of the averaged G in eval mode, with fresh latents at every look; NaN pixels give NaN.

    Source: Wang, Simoncelli & Bovik 2003 (Asilomar), for pairs within a class Odena, Olah & Shlens 2017,
    arXiv:1610.09585. Deviations: a window of 7 pixels instead of 11, and as many of the 5 scales as it fits into, with
    the first weights scaled to a sum of 1: 2 scales for 16 pixels, 3 for 32, 4 for 64, 5 from 112 on.
    Numbers of different sizes, and published ones of 128 pixels, cannot be compared.
    """

    title: ClassVar[str] = "Similarity within a class (MS-SSIM)"
    needs: ClassVar[dict[str, Any]] = {"sample": "image", "labels": True, "conditioned": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="ms_ssim.mean",
            unit="1",
            meaning="Mean MS-SSIM of pairs of generated pictures asked for with the same labels; 1 means equal; "
            "compare with ms_ssim.mean.real.",
            high_is="bad",
        ),
        SeriesDescription(
            name="ms_ssim.mean.error", unit="1", meaning="Standard error of ms_ssim.mean: pairs are independent."
        ),
        SeriesDescription(
            name="ms_ssim.mean.real",
            unit="1",
            meaning="The same of as many pairs of real pictures of the same labels; NaN where no two share theirs.",
        ),
        SeriesDescription(name="ms_ssim.mean.real.error", unit="1", meaning="Standard error of ms_ssim.mean.real."),
    )

    class Params(MonitorParams):
        """How often, and how many pairs."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        pairs: int = Field(200, ge=2, le=10_000)
        """Pairs a look."""

    params: Params
    _of_real: tuple[float, float] | None = None

    def measure(self, view: TrainingView) -> Measurement:
        """One look.

        Raises:
            ValueError: if G takes no labels.
        """
        n = self.params.pairs
        labels = view.labels(n, view.generator)
        if labels is None:
            raise ValueError("G takes no labels, so there are no pairs of one class; take a conditioning")
        first, second = (view.generate(view.latents(n, view.generator), labels) for _ in range(2))
        found = _mean_and_error(ms_ssim(first, second))
        if self._of_real is None:
            x, y = real_pairs(view.dataset, n)
            self._of_real = _mean_and_error(ms_ssim(x.to(view.device), y.to(view.device)))
        names = ("ms_ssim.mean", "ms_ssim.mean.error", "ms_ssim.mean.real", "ms_ssim.mean.real.error")
        return Measurement(scalars=dict(zip(names, (*found, *self._of_real), strict=True)))


def ms_ssim(x: Tensor, y: Tensor) -> Tensor:
    """(N,) float64: the similarity of each picture of x to that of y, both (N, 3, height, width) in [-1, 1]."""
    x, y = ((pictures.double() + 1) / 2 for pictures in (x, y))
    side = min(x.shape[2:])
    window = min(WINDOW, side - 1 + side % 2)
    scales = max(1, min(len(WEIGHTS), int(math.log2(side / window)) + 1))
    weights = torch.tensor(WEIGHTS[:scales], dtype=x.dtype) / sum(WEIGHTS[:scales])
    similarity = torch.ones(x.shape[:2], dtype=x.dtype, device=x.device)
    for scale, weight in enumerate(weights.tolist()):
        luminance, structure = _ssim(x, y, window)
        term = structure if scale < scales - 1 else luminance * structure
        similarity = similarity * term.mean((2, 3)).clamp_min(0) ** weight
        x, y = F.avg_pool2d(x, 2), F.avg_pool2d(y, 2)
    return similarity.mean(1)


def _ssim(x: Tensor, y: Tensor, window: int) -> tuple[Tensor, Tensor]:
    """Luminance and contrast-structure in every window that lies within the pictures."""
    mean_x, mean_y = _blurred(x, window), _blurred(y, window)
    variance_x = _blurred(x * x, window) - mean_x.square()
    variance_y = _blurred(y * y, window) - mean_y.square()
    covariance = _blurred(x * y, window) - mean_x * mean_y
    luminance = (2 * mean_x * mean_y + C1) / (mean_x.square() + mean_y.square() + C1)
    return luminance, (2 * covariance + C2) / (variance_x + variance_y + C2)


def _blurred(pictures: Tensor, window: int) -> Tensor:
    """Gaussian means over window × window pixels, colour by colour."""
    offsets = torch.arange(window, dtype=pictures.dtype, device=pictures.device) - (window - 1) / 2
    line = (-offsets.square() / (2 * SIGMA**2)).exp()
    line = (line / line.sum()).expand(pictures.shape[1], 1, 1, -1)
    return F.conv2d(F.conv2d(pictures, line, groups=len(line)), line.transpose(2, 3), groups=len(line))


def real_pairs(dataset: Dataset, n: int) -> tuple[Tensor, Tensor]:
    """Pairs (n, *sample) of different real pictures with the same labels, as often as the data have those labels.

    Pictures whose labels no other one has are left out; without any pair both are empty.
    """
    generator = torch.Generator().manual_seed(CHOICE_SEED)
    _, group, counts = torch.unique(dataset.labels, dim=0, return_inverse=True, return_counts=True)
    order = group.argsort(stable=True)  # pictures of the same labels side by side
    begin = counts.cumsum(0) - counts
    able = (counts[group] > 1).nonzero()[:, 0]
    if len(able) == 0:
        return dataset.samples[:0], dataset.samples[:0]
    first = able[torch.randint(len(able), (n,), generator=generator)]
    place = torch.empty_like(order)
    place[order] = torch.arange(len(order)) - begin[group[order]]
    size = counts[group[first]]
    step = (
        1 + (torch.rand(n, generator=generator, dtype=torch.float64) * (size - 1)).long()
    )  # 1 to size - 1: never itself
    second = order[begin[group[first]] + (place[first] + step) % size]
    return dataset.samples[first], dataset.samples[second]


def _mean_and_error(values: Tensor) -> tuple[float, float]:
    if len(values) < 2:
        return math.nan, math.nan
    return values.mean().item(), values.std().item() / math.sqrt(len(values))
