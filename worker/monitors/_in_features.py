"""What the monitors share that compare generated with real samples in the features of an extractor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn

from contract.components import SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.features import Choice
from worker.features.reference import Reference, checked_size, extractor_class, reference, sample_size
from worker.monitors import MonitorParams, TrainingView
from worker.monitors._judged import fresh_samples


class FeatureParams(MonitorParams):
    """How often, how many samples, and in which features."""

    n: int = 500
    """Samples of each kind; half the dataset where it is smaller than twice this."""
    extractor: Choice = "auto"
    """In which features: points as they are; pictures by the dataset's own classifier, or as thumbnails without one."""


@dataclass(frozen=True)
class Compared:
    """The features of one look."""

    generated: Tensor | None
    """(n, F) float64; None where one of them is NaN or infinite, for then nothing can be said of any of them."""
    reference: Reference
    """n real samples, and n others."""


class InFeatures(monitors.Monitor):
    """Base of monitors that compare n fresh generated samples with n real ones.

    In the words of its `series`, `<n>` stands for the number of samples, and `<extractor>` for the extractor's name.
    """

    params: Any  # the subclass's own Params, a FeatureParams
    least: ClassVar[int] = 10
    """Fewest samples with which it makes sense."""

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """`series` with the numbers and names of this run."""
        words = self.words(dataset)
        return [
            series.model_copy(update={"meaning": _filled(series.meaning, words), "unit": _filled(series.unit, words)})
            for series in self.series
        ]

    def words(self, dataset: Dataset) -> dict[str, str]:
        """What stands for what in the series' words. Refuses nothing: a run must start with a monitor that cannot."""
        n = sample_size(dataset, self.params.n)
        return {"<n>": f"{n:,}", "<extractor>": extractor_class(dataset, self.params.extractor).name}

    def compared(self, view: TrainingView) -> Compared:
        """Fresh generated samples and real ones, as many of each."""
        n = checked_size(view.dataset, self.params.n, self.least)
        real = reference(view.dataset, self.params.extractor, n, view.device)
        samples, _ = fresh_samples(view, n)
        generated = real.extractor(samples)
        return Compared(generated if bool(generated.isfinite().all()) else None, real)


def _filled(text: str, words: Mapping[str, str]) -> str:
    for word, meant in words.items():
        text = text.replace(word, meant)
    return text
