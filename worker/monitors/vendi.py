"""How many different samples there seem to be among n."""

import math
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.features import Choice
from worker.features.distances import squared_distances
from worker.monitors import Measurement, TrainingView
from worker.monitors._in_features import FeatureParams, InFeatures

BANDWIDTH = 0.1
"""Width of the Gaussian kernel, as a share of the median distance of two real samples: then a perfect sampler of the
ring scores about 8 and of the grid about 25, their numbers of modes."""


@monitors.register
class Vendi(InFeatures):
    """Vendi score: the effective number of different samples among n, from 1 (all alike) to n (none alike).

    VS = exp(-Σ_i λ_i ln λ_i) with λ the eigenvalues of K/n, 0 ln 0 = 0. K_ij is the similarity of samples i and j, 1 of
    a sample to itself: the cosine of their features, or exp(-‖x_i - x_j‖²/2h²) with h a tenth of the median distance of
    two real samples. "auto" takes the cosine for pictures and the Gaussian for points, of which the cosine would see
    the direction only.

    It needs no real samples, but says little without them: `.real` is the score of n real ones. It is biased downwards
    by a finite n, for both alike. The error is of first order: with ρ the features' second-moment matrix, one sample
    weighs VS · (-xᵀ ln ρ x - ln VS); the standard deviation of that over samples / √n.

    Samples are of the averaged G in eval mode, fresh at every look. NaN where any generated sample is not finite.

    Source: Friedman & Dieng 2023, arXiv:2210.02410, of order 1. Deviation: features other than Inception's, unless
    the extractor is that.
    """

    title: ClassVar[str] = "Vendi score"
    needs: ClassVar[dict[str, object]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="vendi.score",
            unit="samples",
            meaning="Effective number of different samples among <n> generated ones; features: <extractor>; compare "
            "with vendi.score.real.",
            high_is="good",
        ),
        SeriesDescription(
            name="vendi.score.error", unit="samples", meaning="Standard error of vendi.score, to first order."
        ),
        SeriesDescription(
            name="vendi.score.real",
            unit="samples",
            meaning="The score of <n> real samples: what a perfect G would get; features: <extractor>.",
        ),
    )

    class Params(FeatureParams):
        """How often, how many samples, and how alike two of them are."""

        every: int = Field(1000, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(500, ge=10, le=5_000)
        """Samples of each kind; half the dataset where it is smaller than twice this."""
        extractor: Choice = "auto"
        """In which features: points as they are; pictures by the dataset's own classifier, or as thumbnails."""
        kernel: Literal["auto", "cosine", "gaussian"] = "auto"
        """How alike two samples are: the cosine of features, or a Gaussian of their distance, as for points."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        compared = self.compared(view)
        real = compared.reference
        is_points = view.dataset.shape == (2,)
        kernel = self.params.kernel if self.params.kernel != "auto" else "gaussian" if is_points else "cosine"

        def score(features: Tensor) -> tuple[float, float]:
            if kernel == "cosine":
                return cosine_score(features)
            return gaussian_score(features, real.once("vendi.width", lambda: BANDWIDTH * median_distance(real.first)))

        of_real, _ = real.once(f"vendi.{kernel}", lambda: score(real.first))
        found, error = (math.nan, math.nan) if compared.generated is None else score(compared.generated)
        return Measurement(scalars={"vendi.score": found, "vendi.score.error": error, "vendi.score.real": of_real})


def cosine_score(features: Tensor) -> tuple[float, float]:
    """Vendi score of features (n, F) by their cosines, and its standard error."""
    n, dimensions = features.shape
    unit = torch.nn.functional.normalize(features, dim=1)
    if dimensions >= n:
        return _score(unit @ unit.T)
    values, vectors = torch.linalg.eigh(unit.T @ unit / n)
    return _entropy(values, (unit @ vectors).square())


def gaussian_score(features: Tensor, width: float) -> tuple[float, float]:
    """The same by exp(-‖x - y‖²/2 width²)."""
    return _score((-squared_distances(features, features) / (2 * width**2)).exp())


def median_distance(features: Tensor) -> float:
    """Median distance of two different samples of features (n, F)."""
    distances = squared_distances(features, features)
    return distances[torch.ones_like(distances, dtype=torch.bool).triu(1)].median().sqrt().item()


def _score(kernel: Tensor) -> tuple[float, float]:
    n = len(kernel)
    values, vectors = torch.linalg.eigh(kernel / n)
    return _entropy(values, n * values.clamp_min(0) * vectors.square())


def _entropy(values: Tensor, projections: Tensor) -> tuple[float, float]:
    """The exponential of the entropy of eigenvalues (F,), and its error by the squared projections (n, F) on them."""
    kept = values > 0
    logs = torch.where(kept, values, 1).log()
    entropy = -(values.clamp_min(0) * logs).sum()
    weights = -(projections * logs).sum(1) - entropy
    score = entropy.exp()
    return score.item(), (score * weights.std()).item() / math.sqrt(len(projections))
