"""Regularisers: whatever keeps the game in shape. Each overrides the hooks that it needs; the step calls those."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from contract.spec import Player
from worker.registry import Component, Family
from worker.verdict import Verdict


@dataclass(frozen=True)
class PenaltyView:
    """What a penalty may look at. Both batches are detached from G."""

    judge: Callable[[Tensor, Tensor | None], Verdict]
    """D with the other regularisers' input hooks applied: judge(x, labels)."""
    real: Tensor
    fake: Tensor
    real_labels: Tensor | None
    fake_labels: Tensor | None
    generator: torch.Generator
    """The run's own stream of regulariser randomness."""


class Regulariser(Component):
    """Base with hooks that do nothing. A penalty is unweighted; the step multiplies and reports both numbers."""

    player: Player = "D"
    """Whose weights it acts on; a component with a `player` param sets it from there."""
    flat_penalty: ClassVar[float | None] = None
    """The penalty, at default params, of a D that answers the same everywhere; None without a penalty."""

    def build(self, player: nn.Module) -> None:
        """Change the player's structure in place, once, before its optimiser is built."""

    def latents(self, z: Tensor, generator: torch.Generator) -> Tensor:
        """Change latents on their way into G in training."""
        return z

    def inputs(self, x: Tensor, generator: torch.Generator) -> Tensor:
        """Change samples, real or fake, on their way into D in training."""
        return x

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, mean over the batch, added to D's loss with `params.weight`.

        Computed every `params.every` D steps and then multiplied by `params.every` (lazy regularisation).
        """
        raise NotImplementedError

    def after_step(self, player: nn.Module) -> None:
        """Change weights in place after the player's optimiser has stepped."""

    def overrides(self, hook: str) -> bool:
        """Whether this component has a hook of its own."""
        return getattr(type(self), hook) is not getattr(Regulariser, hook)


family: Family[Regulariser] = Family("regularisers", Regulariser)
register = family.register
