"""What a discriminator answers; the one type that networks, losses, conditionings and regularisers share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from torch import Tensor


@dataclass(frozen=True)
class Verdict:
    """D's answer for a batch of N samples. High logit means real, everywhere."""

    logits: Tensor
    """(N,), unnormalised."""
    auxiliary: Mapping[str, Tensor] = field(default_factory=lambda: MappingProxyType({}))
    """Attribute → (N, classes) unnormalised class logits; empty without auxiliary heads."""
    features: Tensor | None = None
    """(N, F): what the last linear layer sees."""
    reconstruction: Tensor | None = None
    """(N, *sample): an auto-encoder D's output."""
