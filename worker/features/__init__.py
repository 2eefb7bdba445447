"""Features: the numbers in which samples are compared, from an extractor that has a name of its own.

A distance between two sets of pictures means nothing without saying in which features, so whatever is measured in them
says `Extractor.name`. One of them is the Inception network of the published FID, with weights that the user brings
along (`inception.py`); what is measured in any other is not called FID.
"""

from abc import ABC, abstractmethod
from typing import Literal

import torch
from torch import Tensor

Choice = Literal["auto", "identity", "thumbnails", "classifier", "efficientnet_lite0", "inception"]
"""auto: points as they are; pictures by the dataset's own classifier, or as thumbnails where it has none."""
CHUNK = 500
"""Samples whose features are made at once, so that memory stays small."""


class Extractor(ABC):
    """Samples in, features out; frozen once it is fitted."""

    name: str
    """What it is, in the words that stand in "FD (…, n=500)"."""

    def fit(self, real: Tensor) -> None:  # noqa: B027  # most have nothing to learn
        """Learn from real samples (N, *sample) what is needed of them; nothing, by default."""

    @torch.no_grad()
    def __call__(self, samples: Tensor) -> Tensor:
        """(N, *sample) → (N, F) float64, on the device of the samples."""
        return torch.cat([self.features(chunk.float()) for chunk in torch.split(samples, CHUNK)]).double()

    @abstractmethod
    def features(self, samples: Tensor) -> Tensor:
        """(N, *sample) float32 → (N, F), of at most `CHUNK` samples."""
