"""Datasets: finite sets of samples in [-1, 1] or in the plane, with exact or classified modes.

A dataset is built by name and params, then `prepare`d: that renders, reads or downloads once into the cache
folder and loads the tensors. It draws nothing from the global RNG.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor

from worker.registry import Component, Family


class DatasetUnavailable(RuntimeError):
    """The data are not there, or cannot be read; the message says what to do."""


@dataclass(frozen=True)
class Judgement:
    """What an independent judge says of samples: exact geometry, or the dataset's own classifier."""

    mode: Tensor
    """(N,) int64: index of the mode that each sample is nearest to."""
    good: Tensor
    """(N,) bool: high quality, by the dataset's own documented criterion."""
    labels: Tensor
    """(N, attributes) int64: class of each attribute; (N, 0) for a set without labels."""


class Judge:
    """Tells samples apart. Independent of the networks that are trained."""

    mode_names: list[str]
    """One name a mode; their number is the number of modes."""
    accuracy: Mapping[str, float] = {}
    """Attribute → accuracy on real samples that it was not fitted on; empty when the judge is exact."""
    has_features: ClassVar[bool] = False
    """Whether it is a network, whose `features` samples can be compared in."""

    @abstractmethod
    def __call__(self, samples: Tensor) -> Judgement:
        """Judge samples of shape (N, *sample), on whatever device they are."""

    def features(self, samples: Tensor) -> Tensor:
        """(N, F): what its network sees of samples (N, *sample) before it decides.

        Raises:
            NotImplementedError: if it is no network, as `has_features` says.
        """
        raise NotImplementedError(f"{type(self).__name__} has no features: it judges without a network")


class Dataset(Component):
    """A finite set of samples with labels."""

    source: ClassVar[str]
    """URL, licence, citation."""
    shape: tuple[int, ...]
    """Of one sample: (2,) or (3, height, width)."""
    attributes: dict[str, list[str]]
    """Label attribute → names of its classes, in the order of the columns of `labels`."""
    samples: Tensor
    """(N, *shape) float32 on the CPU; pictures in [-1, 1]."""
    labels: Tensor
    """(N, attributes) int64; (N, 0) without labels."""
    judge: Judge | None = None
    """None: the set has no known modes."""

    @abstractmethod
    def prepare(self, cache: Path) -> None:
        """Fill `samples`, `labels` and `judge`; what took long is kept in the cache folder and read next time.

        Args:
            cache: a folder that this may create and write to.

        Raises:
            DatasetUnavailable: if the data are missing or broken, with what to do.
        """

    def __len__(self) -> int:
        return len(self.samples)

    def sample(self, n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """N samples drawn with replacement, and their labels."""
        chosen = torch.randint(len(self), (n,), generator=generator)
        return self.samples[chosen], self.labels[chosen]


family: Family[Dataset] = Family("datasets", Dataset)
register = family.register
