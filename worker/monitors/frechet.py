"""How far the cloud of generated samples is from that of real ones, each as a Gaussian in features."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.features import Choice
from worker.features.inception import Inception
from worker.features.reference import extractor_class
from worker.monitors import Measurement, TrainingView
from worker.monitors._in_features import FeatureParams, InFeatures

MAX_FEATURES = 2048
"""As many as FID has: 5 s a look on one core, beside 78 s for the features of 500 pictures. Their cube counts."""
TINY = 1e-10
"""Share of the largest eigenvalue below which a direction is taken as flat in the error, and left out of it."""


@monitors.register
class Frechet(InFeatures):
    """Fréchet distance (FD) of n generated and n real samples in features; the unit names the extractor.

    With mean and covariance (divided by n - 1) of real features μ, Σ and of generated ones m, S:

    FD = ‖μ - m‖² + Tr Σ + Tr S - 2 Tr (Σ^½ S Σ^½)^½,

    the squared 2-Wasserstein distance of two Gaussians; in float64, roots by symmetric eigenvalues.

    It is biased upwards: n samples do not show their law's covariance, and a perfect G has no 0. `.real` is the FD of n
    other real samples in the place of the generated ones, for the same n: only what lies above it is G's. `.error` is
    the standard error given the real samples, to first order: with A = Σ^½ (Σ^½ S Σ^½)^-½ Σ^½, one sample y weighs
    ψ(y) = 2 (m-μ)ᵀ(y-m) + (y-m)ᵀ(I-A)(y-m), and the error is the standard deviation of ψ / √n. It does not contain
    the bias; near the floor it is 1.3 times too large, elsewhere about right (the page has the figures).

    Samples are of the averaged G in eval mode, fresh at every look. NaN where any generated sample is not finite.

    Source: Dowson & Landau 1982; Heusel et al. 2017, arXiv:1706.08500, section 4. It is FID with extractor
    "inception" alone, and only then called so; then too it can be laid beside one of the same n and the same data only.
    """

    title: ClassVar[str] = "Fréchet distance"
    needs: ClassVar[dict[str, object]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="frechet.distance",
            unit="<FD or FID> (<extractor>, n=<n>)",
            meaning="Squared Fréchet distance of <n> generated from <n> real samples as two Gaussians; features: "
            "<extractor>; biased upwards, so compare with frechet.distance.real.",
            high_is="bad",
        ),
        SeriesDescription(
            name="frechet.distance.error",
            unit="<FD or FID> (<extractor>, n=<n>)",
            meaning="Standard error of frechet.distance without its bias; rather too large near the floor.",
        ),
        SeriesDescription(
            name="frechet.distance.real",
            unit="<FD or FID> (<extractor>, n=<n>)",
            meaning="The floor: the distance of <n> other real samples, which a perfect G would have too.",
        ),
    )

    class Params(FeatureParams):
        """How often, how many samples, and in which features."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(500, ge=10, le=50_000)
        """Samples of each kind; half the dataset where it is smaller than twice this."""
        extractor: Choice = "auto"
        """In which features: points as they are; pictures by the dataset's own classifier, or as thumbnails. With
        "inception" it is FID."""

    params: Params

    def words(self, dataset: Dataset) -> dict[str, str]:
        """Also by which name the distance goes."""
        name = "FID" if extractor_class(dataset, self.params.extractor) is Inception else "FD"
        return {**super().words(dataset), "<FD or FID>": name}

    def measure(self, view: TrainingView) -> Measurement:
        """One look.

        Raises:
            ValueError: if there are too many features.
        """
        compared = self.compared(view)
        real = compared.reference
        if real.first.shape[1] > MAX_FEATURES:
            raise ValueError(
                f"a Fréchet distance in {real.first.shape[1]} features would take longer than many steps; at most "
                f"{MAX_FEATURES}: take extractor 'thumbnails', 'classifier' or 'efficientnet_lite0'"
            )
        gaussian = real.once("frechet", lambda: Gaussian.of(real.first))
        floor = real.once("frechet.floor", lambda: distance(gaussian, real.second)[0])
        found, error = (math.nan, math.nan) if compared.generated is None else distance(gaussian, compared.generated)
        return Measurement(
            scalars={"frechet.distance": found, "frechet.distance.error": error, "frechet.distance.real": floor}
        )


@dataclass(frozen=True)
class Gaussian:
    """A Gaussian with the moments of some features."""

    mean: Tensor
    """(F,) float64."""
    covariance: Tensor
    """(F, F) float64, divided by n - 1."""
    root: Tensor
    """(F, F) float64: the symmetric square root of the covariance."""

    @classmethod
    def of(cls, features: Tensor) -> "Gaussian":
        """That of features (n, F), n ≥ 2."""
        mean, covariance = _moments(features)
        values, vectors = torch.linalg.eigh(covariance)
        return cls(mean, covariance, (vectors * values.clamp_min(0).sqrt()) @ vectors.T)


def distance(real: Gaussian, features: Tensor) -> tuple[float, float]:
    """The squared distance from a Gaussian to that of features (n, F), and its standard error."""
    mean, covariance = _moments(features)
    values, vectors = torch.linalg.eigh(real.root @ covariance @ real.root)
    values = values.clamp_min(0)  # below 0 by rounding alone
    shift = mean - real.mean
    squared = shift.square().sum() + (real.covariance + covariance).trace() - 2 * values.sqrt().sum()

    inverse = torch.where(values > TINY * values.max(), values.rsqrt(), 0)
    bent = real.root @ vectors
    centred = features - mean
    # ψ of the docstring; (y-m)ᵀ A (y-m) is the square of y-m bent by the root, then divided by √(eigenvalue)^½.
    weights = 2 * centred @ shift + centred.square().sum(1) - ((centred @ bent).square() * inverse).sum(1)
    return squared.item(), weights.std().item() / math.sqrt(len(features))


def _moments(features: Tensor) -> tuple[Tensor, Tensor]:
    centred = features - features.mean(0)
    return features.mean(0), centred.T @ centred / (len(features) - 1)
