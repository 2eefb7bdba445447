"""How much of the data G covers, and how much of what it makes lies among the data: in features, without labels."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.features import Choice
from worker.features.distances import radii, squared_distances
from worker.monitors import Measurement, TrainingView
from worker.monitors._in_features import FeatureParams, InFeatures

K_BALLS = 3
"""Neighbours of precision and recall: Kynkäänniemi et al., section 3."""
K_COVERAGE = 5
"""Neighbours of density and coverage: Naeem et al., section 4."""
N_GROUPS = 20
"""Groups of generated samples that the jackknife leaves out in turn."""
NUMBERS = {
    "precision": ("share", "Share of generated samples that lie among real ones"),
    "recall": ("share", "Share of real samples that lie among generated ones"),
    "density": ("× expected", "How densely real samples lie where generated ones are, which may exceed 1"),
    "coverage": ("share", "Share of real samples with a generated one nearby"),
}
"""Each number with its unit and what it says."""
ERRORS = {
    "precision": "√(p(1-p)/n)",
    "recall": "a jackknife over 20 groups, rather too large",
    "density": "the spread over samples",
    "coverage": "a jackknife over 20 groups, rather too large",
}
"""How the standard error of each is estimated."""


@monitors.register
class Coverage(InFeatures):
    """Coverage and precision: how n generated samples Y and n real samples X lie among each other, in features.

    B_k(a) is the ball around a whose radius is the distance to its k-th nearest neighbour in its own set, itself not
    counted; distances are Euclidean.

    precision = share of Y inside the closed B_3(x) of any x,  recall = share of X inside the closed B_3(y) of any y,
    density = 1/(5n) Σ_j #{i: y_j inside the open B_5(x_i)},  coverage = share of X whose open B_5(x) holds any y.

    Each is drawn with `.real`: the same of n other real samples in the place of Y, which share none with X; that, and
    not 1, is what a perfect G gets. For equal laws coverage has a mean of 1 - Π_{i=1..5} (n-i)/(2n-i), 0.969 for large
    n. Samples are of the averaged G in eval mode, fresh at every look; the real ones are the same in all runs of a
    dataset.

    `.error` is the standard error given X. Precision: √(p(1-p)/n), and density: the standard deviation over samples
    / √n, both exact, for then samples are independent. Recall and coverage: the jackknife over 20 groups of generated
    samples, which was 0.9 to 2.2 times what repetition gave. All are NaN where any generated sample is not finite.

    Source: Kynkäänniemi et al. 2019, arXiv:1904.06991; Naeem et al. 2020, arXiv:2002.09797. Deviations: fewer samples,
    and other features than VGG-16 or Inception: numbers cannot be laid beside published ones.
    """

    title: ClassVar[str] = "Coverage and precision"
    needs: ClassVar[dict[str, object]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    least: ClassVar[int] = 2 * K_COVERAGE
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        *(
            SeriesDescription(
                name=f"coverage.{name}", unit=unit, meaning=f"{meaning}; <n> of each, by <extractor>.", high_is="good"
            )
            for name, (unit, meaning) in NUMBERS.items()
        ),
        *(
            SeriesDescription(
                name=f"coverage.{name}.error",
                unit=unit,
                meaning=f"Standard error of coverage.{name}, by {ERRORS[name]}.",
            )
            for name, (unit, _) in NUMBERS.items()
        ),
        *(
            SeriesDescription(
                name=f"coverage.{name}.real",
                unit=unit,
                meaning=f"What <n> other real samples get for {name}, and so a perfect G would; by <extractor>.",
            )
            for name, (unit, _) in NUMBERS.items()
        ),
    )

    class Params(FeatureParams):
        """How often, how many samples, and in which features."""

        every: int = Field(250, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(500, ge=2 * K_COVERAGE, le=20_000)
        """Samples of each kind; half the dataset where it is smaller than twice this."""
        extractor: Choice = "auto"
        """In which features: points as they are; pictures by the dataset's own classifier, or as thumbnails."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        compared = self.compared(view)
        real = compared.reference
        balls = real.once("coverage.balls", lambda: Balls.of(real.first))
        of_real = real.once("coverage", lambda: summary(balls, real.second))
        found = dict.fromkeys(of_real, math.nan)
        if compared.generated is not None:
            found = summary(balls, compared.generated)
        scalars = {f"coverage.{name}.real": of_real[name] for name in NUMBERS}
        return Measurement(scalars=scalars | {f"coverage.{name}": value for name, value in found.items()})


@dataclass(frozen=True)
class Balls:
    """Real samples with the balls around them, which are the same at every look."""

    centres: Tensor
    """(N, F) float64."""
    third: Tensor
    """(N,): squared distance to the 3rd nearest neighbour."""
    fifth: Tensor
    """(N,): squared distance to the 5th."""

    @classmethod
    def of(cls, real: Tensor) -> "Balls":
        """Those of features (N, F), N > 5."""
        return cls(real, radii(real, K_BALLS), radii(real, K_COVERAGE))


def summary(real: Balls, generated: Tensor) -> dict[str, float]:
    """The four numbers of generated features (M, F), M > 3, and the error of each."""
    distances = squared_distances(real.centres, generated)
    in_real = (distances <= real.third[:, None]).any(0).double()
    in_generated = distances <= radii(generated, K_BALLS)
    in_wider = distances < real.fifth[:, None]
    densities = in_wider.double().sum(0) / K_COVERAGE
    return {
        "precision": in_real.mean().item(),
        "precision.error": in_real.std(correction=0).item() / math.sqrt(len(generated)),
        "recall": in_generated.any(1).double().mean().item(),
        "recall.error": _jackknife(in_generated),
        "density": densities.mean().item(),
        "density.error": densities.std().item() / math.sqrt(len(generated)),
        "coverage": in_wider.any(1).double().mean().item(),
        "coverage.error": _jackknife(in_wider),
    }


def _jackknife(inside: Tensor) -> float:
    """Standard error of the share of rows with any, (N, M) bool, by leaving out every 20th column, G times.

    √((G-1)/G Σ_g (s_g - s̄)²) with s_g the share without group g. Balls keep the radius that they have in the whole set.
    """
    n_groups = min(N_GROUPS, inside.shape[1])
    group = torch.arange(inside.shape[1], device=inside.device) % n_groups
    empty = torch.zeros(len(inside), n_groups, dtype=torch.float64, device=inside.device)
    counts = empty.index_add_(1, group, inside.double())
    without = (counts.sum(1, keepdim=True) > counts).double().mean(0)
    return math.sqrt((n_groups - 1) * without.var(correction=0).item())
