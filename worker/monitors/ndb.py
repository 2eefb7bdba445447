"""In how many regions of the data G puts too many samples, or too few."""

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.features import Choice
from worker.features.clusters import Clusters
from worker.features.reference import sample_size
from worker.monitors import Measurement, TrainingView
from worker.monitors._in_features import FeatureParams, InFeatures

Z = 1.959963984540054
"""Two-sided 5 % quantile of a standard Gaussian."""
LEAST_PER_BIN = 10
"""Real samples a bin at least, on average, for the test's Gaussian to be one."""
CLUSTERS_SEED = 2018
"""Bins are found from this seed: the same ones in every run of a dataset."""


@monitors.register
class Ndb(InFeatures):
    """NDB and JS divergence: bins of the data that hold a share of generated samples other than of real ones.

    n real samples are put into K bins by K-means, n generated ones into the bin of the nearest centre. With p_k and
    q_k their shares, and P_k = (p_k + q_k)/2 the pooled one, bin k is *different* where
    |p_k - q_k| > 1.96 √(P_k (1 - P_k) · 2/n), the two-proportion z-test at 5 %.

    share = different bins / K,  JS = ½ Σ p_k ln(p_k/m_k) + ½ Σ q_k ln(q_k/m_k) in nats, m = P, 0 ln 0 = 0: 0 to ln 2.

    For a perfect G the share is about 0.05 and JS about (K-1)/4n, not 0; `.real` is what n other real samples get, by
    the same bins, which may be more, since the bins were cut around the first ones. The share is of K nearly
    independent tests: its standard error is at most about √(p(1-p)/K). That of JS given the real samples is a series:
    the standard deviation over generated samples of ½ ln(q_k/m_k), k the bin of each, / √n.

    Samples are of the averaged G in eval mode, fresh at every look. NaN where any of them is not finite.

    Source: Richardson & Weiss 2018, arXiv:1805.12462, and its public code. Deviations: fewer samples and bins; no
    whitening; all dimensions; real and generated samples are as many.
    """

    title: ClassVar[str] = "Different bins (NDB)"
    needs: ClassVar[dict[str, object]] = {"sample": ["points", "image"]}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "dear"
    least: ClassVar[int] = 2 * LEAST_PER_BIN
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="ndb.share",
            unit="share of <bins> bins",
            meaning="Share p of <bins> bins of the data whose share of <n> generated samples differs significantly "
            "(5 %) from that of <n> real ones; perfect is about 0.05; standard error √(p(1-p)/<bins>); by <extractor>.",
            high_is="bad",
        ),
        SeriesDescription(
            name="ndb.share.real",
            unit="share of <bins> bins",
            meaning="The same of <n> other real samples: what a perfect G would get.",
        ),
        SeriesDescription(
            name="ndb.js",
            unit="nats",
            meaning="Jensen-Shannon divergence over <bins> bins of <n> generated from <n> real samples, by "
            "<extractor>.",
            high_is="bad",
        ),
        SeriesDescription(
            name="ndb.js.error", unit="nats", meaning="Standard error of ndb.js given the real samples, to first order."
        ),
        SeriesDescription(
            name="ndb.js.real",
            unit="nats",
            meaning="The same of <n> other real samples: what a perfect G would get, about (<bins> - 1)/(4 · <n>).",
        ),
    )

    class Params(FeatureParams):
        """How often, how many samples, and into how many bins."""

        every: int = Field(1000, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(2000, ge=2 * LEAST_PER_BIN, le=50_000)
        """Samples of each kind; half the dataset where it is smaller than twice this."""
        extractor: Choice = "identity"
        """What is binned: the samples themselves, as published, or their features."""
        bins: int = Field(50, ge=2, le=1000)
        """Bins K; no more than a tenth of the samples."""

    params: Params

    def words(self, dataset: Dataset) -> dict[str, str]:
        """What stands for what in the series' words."""
        n = sample_size(dataset, self.params.n)
        return super().words(dataset) | {"<bins>": str(self._bins(n))}

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        compared = self.compared(view)
        real = compared.reference
        k = self._bins(len(real.first))
        clusters = real.once(f"ndb.{k}", lambda: Clusters.of(real.first, k, CLUSTERS_SEED))
        counts = real.once(f"ndb.{k}.counts", lambda: clusters.counts(real.first))
        floor = real.once(f"ndb.{k}.real", lambda: summary(counts, clusters.counts(real.second)))
        found = dict.fromkeys(floor, math.nan)
        if compared.generated is not None:
            found = summary(counts, clusters.counts(compared.generated))
        of_real = {f"ndb.{name}.real": floor[name] for name in ("share", "js")}
        return Measurement(scalars=of_real | {f"ndb.{name}": value for name, value in found.items()})

    def _bins(self, n: int) -> int:
        return min(self.params.bins, n // LEAST_PER_BIN)


def summary(real: Tensor, generated: Tensor) -> dict[str, float]:
    """Share of different bins, divergence and its error, from counts (K,) of real and of generated samples."""
    n_real, n_generated = real.sum().double(), generated.sum().double()
    p, q = real / n_real, generated / n_generated
    pooled = (real + generated) / (n_real + n_generated)
    error = (pooled * (1 - pooled) * (1 / n_real + 1 / n_generated)).sqrt()
    middle = (p + q) / 2
    weights = (torch.where(q > 0, q, 1) / torch.where(q > 0, middle, 1)).log() / 2
    js = torch.special.xlogy(p, torch.where(p > 0, p / middle, 1)).sum() / 2 + (q * weights).sum()
    spread = (q * weights.square()).sum() - (q * weights).sum().square()
    return {
        "share": ((p - q).abs() > Z * error).double().mean().item(),
        "js": js.item(),
        "js.error": math.sqrt(max(0.0, spread.item()) / n_generated.item()),
    }
