"""The extractor that every labelled set of pictures brings along: the classifier that judges it."""

from torch import Tensor

from worker.datasets import Dataset
from worker.features import Extractor


class OwnClassifier(Extractor):
    """What the dataset's own classifier sees before it decides: 128 numbers, none negative; stacked digits 3 · 128.

    It was fitted on this dataset's real pictures apart from every run, to tell their labels apart. What does not help
    with that it may overlook.
    """

    name = "own classifier"

    def __init__(self, dataset: Dataset) -> None:
        """For a dataset.

        Raises:
            ValueError: if its judge is no network.
        """
        if dataset.judge is None or not dataset.judge.has_features:
            raise ValueError(
                "this dataset has no classifier of its own; take extractor 'identity' for points, "
                "'thumbnails' or 'efficientnet_lite0' for pictures"
            )
        self._judge = dataset.judge

    def features(self, samples: Tensor) -> Tensor:
        """(N, F)."""
        return self._judge.features(samples)
