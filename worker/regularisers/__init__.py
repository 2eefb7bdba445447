"""Regularisers: whatever keeps the game in shape. Each overrides the hooks that it needs; the step calls those."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from contract.spec import Player
from worker.registry import Component, Family
from worker.verdict import Verdict

Parameters = Mapping[str, Tensor]
"""Weights by name, as `named_parameters` has them."""


@dataclass(frozen=True)
class Moment:
    """When a hook is called."""

    step: int
    """The step that is being computed, from 1."""
    player: Player
    """Whose loss is being put together."""
    generator: torch.Generator
    """The run's own stream of regulariser randomness."""


@dataclass(frozen=True)
class PenaltyView:
    """What a penalty of one player may look at. In D's phase both batches are detached from G."""

    judge: Callable[[Tensor, Tensor | None], Verdict]
    """D with the other regularisers' input hooks applied: judge(x, labels)."""
    real: Tensor
    fake: Tensor
    """G's samples; in G's phase with their graph."""
    real_labels: Tensor | None
    fake_labels: Tensor | None
    generator: torch.Generator
    """The run's own stream of regulariser randomness."""
    step: int
    player: nn.Module
    """The player whose loss it is."""
    on_real: Verdict | None
    """D's answers of this phase, with their graph; G's phase has none on real samples unless its loss needs them."""
    on_fake: Verdict
    z: Tensor
    """(N, z_dim): the latents of `fake`, noise included."""
    generate: Callable[[Tensor, Tensor | None], Tensor]
    """G as it trains: generate(z, labels), with a graph."""


@dataclass(frozen=True)
class LookaheadView:
    """What a regulariser may look at that lets G answer a D of the future."""

    parameters: Parameters
    """D's weights now."""
    loss: Callable[[Parameters], Tensor]
    """D's loss with these weights in place of its own, on this phase's samples, with a graph to G's weights."""
    optimiser: Optimizer
    """D's own."""


@dataclass(frozen=True)
class GameView:
    """Both players at the moment when one of them has its gradient."""

    parameters: Mapping[Player, list[nn.Parameter]]
    losses: Callable[[], Mapping[Player, Tensor]]
    """Both players' losses, without penalties, on this phase's samples: each call makes a fresh graph."""


class Regulariser(Component):
    """Base with hooks that do nothing. A penalty is unweighted; the step multiplies and reports both numbers."""

    player: Player = "D"
    """Whose weights it acts on; a component with a `player` param sets it from there."""
    flat_penalty: ClassVar[float | None] = None
    """The penalty, at default params, of a D that answers the same everywhere.

    None: there is no penalty, or it looks at weights or at G's samples, and a flat D says nothing about it.
    """
    appends: ClassVar[bool] = False
    """True when `build` appends features to D: it is then called before that of all who change layers."""

    @property
    def pack(self) -> int:
        """How many samples D sees at once; its input then has that many times the channels (or coordinates)."""
        return 1

    def build(self, player: nn.Module) -> None:
        """Change the player's structure in place, once, before its optimiser is built."""

    def latents(self, z: Tensor, moment: Moment) -> Tensor:
        """Change latents on their way into G in training."""
        return z

    def inputs(self, x: Tensor, moment: Moment) -> Tensor:
        """Change samples, real or fake, on their way into D in training. One that packs them comes last."""
        return x

    def verdict(self, verdict: Verdict, on: Literal["real", "fake"], moment: Moment) -> Verdict:
        """Change D's answer on its way into the adversarial loss: its targets, or which samples count."""
        return verdict

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, mean over the batch, added to the loss of `player` with `params.weight`.

        Computed every `params.every` steps of that player and then multiplied by `params.every` (lazy regularisation).
        """
        raise NotImplementedError

    def before_generator(self, view: LookaheadView) -> Parameters | None:
        """The weights of the D that G's loss is computed with, a function of G's weights; None: D's own."""
        raise NotImplementedError

    def gradients(self, player: Player, view: GameView) -> None:
        """Change `.grad` of the player's weights, after its backward pass and before its update."""

    def after_step(self, player: nn.Module, step: int) -> None:
        """Change weights in place after the player's optimiser has stepped."""

    def overrides(self, hook: str) -> bool:
        """Whether this component has a hook of its own."""
        return getattr(type(self), hook) is not getattr(Regulariser, hook)


HOOKS = ("build", "latents", "inputs", "verdict", "penalty", "before_generator", "gradients", "after_step")

family: Family[Regulariser] = Family("regularisers", Regulariser)
register = family.register
