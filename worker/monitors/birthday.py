"""How often two samples are nearly the same, and how many different ones there can then be."""

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.features import Choice
from worker.features.distances import within
from worker.monitors import Measurement, TrainingView
from worker.monitors._in_features import FeatureParams, InFeatures


@monitors.register
class Birthday(InFeatures):
    """Birthday test: the share of pairs among n generated samples that are near-duplicates, and the support it implies.

    Two samples are near-duplicates when they are at most as far apart as the 20th closest pair among n real ones
    (`near`), in features. With C such pairs among the n(n-1)/2 of generated ones:

    duplicates = C / (n(n-1)/2),  support = 1 / duplicates: of so many equally likely, quite different samples as many
    pairs would be equal. Infinite where no pair is.

    The distance is set by real pairs, so the real support is about n(n-1)/(2·20) by construction, whatever the data
    are: only the ratio to `.real` means anything. `.real` is of n *other* real samples by the same distance.
    Errors by the jackknife over samples: √(4/n · variance of the share of each sample's pairs); where pairs are few and
    scattered it is √2 too large. The support's follows from it: error / duplicates².

    Samples are of the averaged G in eval mode, fresh at every look. NaN where any of them is not finite.

    Source: Arora & Zhang 2017, arXiv:1706.08224. Deviations: no person looks at the closest pairs, a distance decides;
    and all pairs are counted, instead of asking how many samples it takes until one is a duplicate.
    """

    title: ClassVar[str] = "Birthday test"
    needs: ClassVar[dict[str, object]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="birthday.duplicates",
            unit="share of pairs",
            meaning="Share of the pairs of <n> generated samples that are as close as the closest of real pairs, by "
            "<extractor>; compare with birthday.duplicates.real.",
            high_is="bad",
        ),
        SeriesDescription(
            name="birthday.duplicates.error",
            unit="share of pairs",
            meaning="Standard error of birthday.duplicates by the jackknife over samples; rather too large.",
        ),
        SeriesDescription(
            name="birthday.duplicates.real",
            unit="share of pairs",
            meaning="The same of <n> other real samples.",
        ),
        SeriesDescription(
            name="birthday.support",
            unit="samples",
            meaning="1 / duplicates: of so many equally likely samples as many pairs would be the same; only its ratio "
            "to birthday.support.real means anything; infinite where no pair is.",
            high_is="good",
        ),
        SeriesDescription(
            name="birthday.support.error", unit="samples", meaning="Standard error of birthday.support, to first order."
        ),
        SeriesDescription(
            name="birthday.support.real", unit="samples", meaning="1 / duplicates of <n> other real samples."
        ),
    )

    class Params(FeatureParams):
        """How often, how many samples, and what counts as the same."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(500, ge=10, le=10_000)
        """Samples of each kind; half the dataset where it is smaller than twice this."""
        extractor: Choice = "auto"
        """In which features: points as they are; pictures by the dataset's own classifier, or as thumbnails."""
        near: int = Field(20, ge=1, le=1000)
        """How many of the real pairs set the distance within which two samples count as the same."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        compared = self.compared(view)
        real, near = compared.reference, self.params.near
        limit = real.once(f"birthday.{near}", lambda: closest_pairs(real.first, near))
        floor = real.once(f"birthday.{near}.real", lambda: summary(real.second, limit))
        found = dict.fromkeys(floor, math.nan)
        if compared.generated is not None:
            found = summary(compared.generated, limit)
        of_real = {f"birthday.{name}.real": floor[name] for name in ("duplicates", "support")}
        return Measurement(scalars=of_real | {f"birthday.{name}": value for name, value in found.items()})


def closest_pairs(features: Tensor, near: int) -> float:
    """Squared distance of the `near`-th closest pair of features (n, F); of the farthest when there are fewer."""
    distances = within(features)
    pairs = distances[torch.ones_like(distances, dtype=torch.bool).triu(1)]
    return pairs.kthvalue(min(near, len(pairs))).values.item()


def summary(features: Tensor, limit: float) -> dict[str, float]:
    """Duplicates among features (n, F) within a squared distance, the support, and the errors of both."""
    n = len(features)
    shares = (within(features) <= limit).double().sum(1) / (n - 1)
    duplicates, error = shares.mean().item(), 2 * shares.std().item() / math.sqrt(n)
    support = 1 / duplicates if duplicates else math.inf
    return {
        "duplicates": duplicates,
        "duplicates.error": error,
        "support": support,
        "support.error": error * support**2 if duplicates else math.inf,
    }
