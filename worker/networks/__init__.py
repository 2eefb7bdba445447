"""Networks: pairs of a generator G(z, labels) and a discriminator D(x, labels) → Verdict."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from worker.registry import Component, Family
from worker.verdict import LabelHead


@dataclass(frozen=True)
class Problem:
    """What one player must fit."""

    sample_shape: tuple[int, ...]
    """Of one sample that G makes, or of what D sees at once, which with packing is several samples."""
    generator_classes: Mapping[str, int]
    """Attribute → classes of the labels that G is given; empty: G(z) alone."""
    label_head: LabelHead | None = None
    """What D needs to answer for labels; None: nothing."""


class UnfitNetwork(ValueError):
    """These networks cannot be built for this problem; the message says what would fit."""


class Network(Component):
    """Builds both players. Initial weights come from torch's global RNG, which the caller has forked and seeded."""

    z_dim: int
    """Length of a latent vector."""

    @abstractmethod
    def generator(self, problem: Problem) -> nn.Module:
        """G: forward(z: (N, z_dim), labels: (N, attributes) int64 | None) → (N, *sample)."""

    @abstractmethod
    def discriminator(self, problem: Problem) -> nn.Module:
        """D: forward(x: (N, *sample), labels | None) → Verdict, with the problem's label head on its features."""

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, z_dim) draws from the prior, N(0, I), on the generator's device."""
        return torch.randn(n, self.z_dim, generator=generator, device=generator.device)


family: Family[Network] = Family("networks", Network)
register = family.register
