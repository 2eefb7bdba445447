"""Conditioning: how labels enter the game."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from worker.registry import Component, Family
from worker.verdict import Verdict


@dataclass(frozen=True)
class LabelTerm:
    """What a conditioning adds to one player's loss."""

    total: Tensor
    """Scalar, already weighted."""
    parts: Mapping[str, Tensor]
    """Attribute → its unweighted term, a scalar mean over the batch; reported by attribute."""


class Conditioning(Component):
    """Base: labels do not enter at all."""

    labels_generator: bool = False
    """Whether G is given labels."""
    batchwise: ClassVar[bool] = False
    """True when what a sample adds to a term depends on the rest of its batch (contrastive terms)."""

    def begin(self, attributes: Mapping[str, int]) -> None:
        """Called once, with attribute → number of classes of the dataset, before networks are built."""

    def head(self, n_features: int) -> nn.Module:
        """What D answers for labels, on top of its features: see `worker.verdict.LabelHead`.

        Asked for only when `labels_generator`.
        """
        raise NotImplementedError

    @abstractmethod
    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm | None:
        """D's term; labels are (N, attributes) int64. None: there is none."""

    @abstractmethod
    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm | None:
        """G's term. None: there is none."""


family: Family[Conditioning] = Family("conditioning", Conditioning)
register = family.register
