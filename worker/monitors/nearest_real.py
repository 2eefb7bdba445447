"""Whether G copies its training set: each generated picture beside the real one that is nearest to it."""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.features.distances import squared_distances
from worker.monitors import Measurement, MonitorParams, SampleGrid, TrainingView
from worker.monitors._judged import fresh_samples

CHUNK = 5000
"""Real pictures compared at once, so that memory stays small."""
ROWS = 8
CHOICE_SEED = 1907_2026
"""The real pictures whose own neighbours are the measure are chosen from this seed."""


@monitors.register
class NearestReal(monitors.Monitor):
    """Nearest real neighbours: generated pictures, each with the training picture nearest to it on its right.

    Distances are of pixels: the root of the mean squared difference of values in [-1, 1], over all N training pictures.
    The grid has the same latents at every look. The numbers are of n fresh pictures: the median distance to the nearest
    training picture, beside `.real`, the median distance of n training pictures to the nearest *other* one; and
    `closer`, the share p of generated pictures that are nearer than that median. A G that draws from the data's law
    would have 0.5; one that repeats training pictures has 1; one whose pictures are not like any has 0. The standard
    error of p is √(p(1-p)/n), beside that of the real median, which moves a p of 0.5 by 0.5/√n.

    Pictures are of the averaged G in eval mode. NaN where any of the n is not finite.

    Source: the nearest-neighbour figures of Goodfellow et al. 2014, arXiv:1406.2661; that distances be compared with
    those of real pictures after Meehan, Chaudhuri & Dasgupta 2020, arXiv:2004.05675, whose held-out set is here the
    training pictures themselves, each left out in turn.
    """

    title: ClassVar[str] = "Nearest real pictures"
    needs: ClassVar[dict[str, Any]] = {"sample": "image"}
    chart: ClassVar[str] = "grid"
    cost: ClassVar[Cost] = "dear"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="nearest_real",
            kind="grid",
            meaning="Generated pictures from the same latents at every look, each with the nearest training picture on "
            "its right.",
        ),
        SeriesDescription(
            name="nearest_real.distance",
            unit="RMS of values in [-1, 1]",
            meaning="Median distance of fresh generated pictures to the nearest training picture.",
        ),
        SeriesDescription(
            name="nearest_real.distance.real",
            unit="RMS of values in [-1, 1]",
            meaning="Median distance of training pictures to the nearest other one.",
        ),
        SeriesDescription(
            name="nearest_real.closer",
            unit="share",
            meaning="Share p of n = 100 fresh pictures that are nearer to a training picture than the median of "
            "those among themselves: 0.5 for the data's own law, 1 for copies; standard error √(p(1-p)/n).",
        ),
    )

    class Params(MonitorParams):
        """How often, how many, how wide."""

        every: int = Field(1000, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(100, ge=2, le=10_000)
        """Fresh pictures whose distances are measured."""
        pairs: int = Field(4, ge=1, le=8)
        """Pairs in a row of the grid."""

    params: Params
    _among_real: float | None = None

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        shown = ROWS * self.params.pairs
        z, labels = view.latents(shown, view.fixed), view.labels(shown, view.fixed)
        pictures = view.generate(z, labels)
        beside = view.dataset.samples[nearest(pictures, view.dataset).index.cpu()].to(pictures)
        cells = torch.stack([pictures, beside], dim=1).flatten(0, 1)
        grid = SampleGrid("nearest_real", cells, ROWS, 2 * self.params.pairs)

        if self._among_real is None:
            self._among_real = _median_among(view.dataset, self.params.n, view.device)
        fresh, _ = fresh_samples(view, self.params.n)
        distance = closer = math.nan
        if fresh.isfinite().all():
            distances = nearest(fresh, view.dataset).distance
            distance, closer = distances.median().item(), (distances < self._among_real).double().mean().item()
        names = ("nearest_real.distance", "nearest_real.distance.real", "nearest_real.closer")
        return Measurement(grids=[grid], scalars=dict(zip(names, (distance, self._among_real, closer), strict=True)))


@dataclass(frozen=True)
class Nearest:
    """For each picture the training picture that is nearest to it."""

    index: Tensor
    """(n,) int64, into the dataset."""
    distance: Tensor
    """(n,) float64: root of the mean squared difference of values."""


def nearest(pictures: Tensor, dataset: Dataset, but: Tensor | None = None) -> Nearest:
    """The nearest training picture of each of (n, *sample), other than the one of index `but` (n,)."""
    flat = pictures.flatten(1).double()
    least = torch.full((len(flat),), torch.inf, dtype=flat.dtype, device=flat.device)
    index = torch.zeros(len(flat), dtype=torch.int64, device=flat.device)
    for start in range(0, len(dataset), CHUNK):
        chunk = dataset.samples[start : start + CHUNK].to(flat.device).flatten(1).double()
        distances = squared_distances(flat, chunk)
        if but is not None:
            inside = (but >= start) & (but < start + len(chunk))
            distances[inside.nonzero()[:, 0], but[inside] - start] = torch.inf
        here, at = distances.min(1)
        closer = here < least
        least, index = torch.where(closer, here, least), torch.where(closer, at + start, index)
    return Nearest(index, (least / flat.shape[1]).sqrt())


def _median_among(dataset: Dataset, n: int, device: torch.device) -> float:
    chosen = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(CHOICE_SEED))[:n]
    pictures = dataset.samples[chosen].to(device)
    return nearest(pictures, dataset, but=chosen.to(device)).distance.median().item()
