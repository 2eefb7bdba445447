"""What a discriminator answers; the one type that networks, losses, conditionings and regularisers share."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import Tensor, nn

NOTHING: Mapping[str, Tensor] = MappingProxyType({})


@dataclass(frozen=True)
class Verdict:
    """D's answer for a batch of N samples. High logit means real, everywhere."""

    logits: Tensor
    """(N,), unnormalised."""
    auxiliary: Mapping[str, Tensor] = field(default_factory=lambda: NOTHING)
    """Attribute → (N, classes) unnormalised class logits; empty without a classifier of labels."""
    features: Tensor | None = None
    """(N, F): what the last linear layer sees."""
    reconstruction: Tensor | None = None
    """(N, *sample): an auto-encoder D's output."""
    private: Mapping[str, Tensor] = field(default_factory=lambda: NOTHING)
    """What the conditioning's own head says besides class logits (twin heads, joint classes, embeddings)."""
    target: Tensor | None = None
    """(N,): the probability of "real" that D is asked for, where that is not 1 for real and 0 for fake samples."""


@dataclass(frozen=True)
class LabelAnswer:
    """What a conditioning's head adds to D's answer."""

    auxiliary: Mapping[str, Tensor] = field(default_factory=lambda: NOTHING)
    """Attribute → (N, classes) unnormalised class logits."""
    private: Mapping[str, Tensor] = field(default_factory=lambda: NOTHING)
    """Whatever else the conditioning's terms read."""
    logit_shift: Tensor | None = None
    """(N,): added to D's logits (projection)."""


LabelHead = Callable[[int], nn.Module]
"""Number of features → a module `forward(features: (N, F), labels: (N, attributes) int64 | None) -> LabelAnswer`."""
