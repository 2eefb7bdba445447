"""Extractors without a network: samples as they are, and as thumbnails."""

from torch import Tensor
from torch.nn import functional as F

from worker.datasets import Dataset
from worker.features import Extractor

THUMBNAIL = 8
"""Height and width of a thumbnail in pixels."""


class Coordinates(Extractor):
    """Points as they are."""

    name = "coordinates"

    def __init__(self, dataset: Dataset) -> None:
        """Args: the dataset, of whatever samples."""

    def features(self, samples: Tensor) -> Tensor:
        """(N, values of a sample)."""
        return samples.flatten(1)


class Pixels(Coordinates):
    """Pictures as they are, laid flat."""

    name = "pixels"


class Thumbnails(Extractor):
    """Pictures averaged down to 8×8 pixels, so that 192 numbers are left whatever their size; smaller ones stay."""

    name = f"{THUMBNAIL}×{THUMBNAIL} thumbnails"

    def __init__(self, dataset: Dataset) -> None:
        """For a dataset.

        Raises:
            ValueError: if it has no pictures.
        """
        if len(dataset.shape) != 3:
            raise ValueError("thumbnails are of pictures, and this dataset has points; take extractor 'identity'")

    def features(self, samples: Tensor) -> Tensor:
        """(N, 3 · 8 · 8)."""
        return F.adaptive_avg_pool2d(samples, min(THUMBNAIL, *samples.shape[2:])).flatten(1)
