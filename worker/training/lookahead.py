"""Losses beside the step's own: of a D of the future, of both players at once, of one player on a fixed batch.

They let unrolling, consensus optimisation and nudged Adam look further than the gradient of the moment. None of them
moves a buffer: batch normalisation works as in training, but its statistics, and spectral norm's vectors, are copies.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.func import functional_call

from contract.spec import Player
from worker.regularisers import GameView, LookaheadView, Moment, Parameters
from worker.training.game import Game
from worker.training.streams import stream
from worker.verdict import Verdict


@dataclass(frozen=True)
class Batch:
    """What a phase draws: real samples with their labels, and what its fakes are made of."""

    real: Tensor
    real_labels: Tensor | None
    z: Tensor
    fake_labels: Tensor | None


Judge = Callable[[Tensor, Tensor | None], Verdict]
"""D with the regularisers' input hooks before it: judge(x, labels)."""


def judge_of(game: Game, D: Callable[..., Verdict], moment: Moment) -> Judge:
    """D, called with samples and labels, as it sees samples in training."""

    def judge(x: Tensor, labels: Tensor | None) -> Verdict:
        for regulariser in game.hooks["inputs"]:
            x = regulariser.inputs(x, moment)
        return D(x, labels)

    return judge


def on_its_way(game: Game, verdict: Verdict, on: Literal["real", "fake"], moment: Moment) -> Verdict:
    """D's answer as the adversarial loss gets it, through the regularisers' `verdict`."""
    for regulariser in game.hooks["verdict"]:
        verdict = regulariser.verdict(verdict, on, moment)
    return verdict


def future_discriminator(game: Game, batch: Batch, fake: Tensor, moment: Moment) -> Callable[..., Verdict]:
    """D as G's loss should see it: with the weights that the regularisers' `before_generator` makes of its own."""
    call = _copied(game.D)
    game.optimiser_parts["D"].refresh(game.optimisers["D"], moment.step)  # the knobs in force now, not at D's last step

    def loss(parameters: Parameters) -> Tensor:
        return _losses(game, batch, moment, fake, lambda *given: call(parameters, *given))["D"]

    for regulariser in game.hooks["before_generator"]:
        now = dict(game.D.named_parameters())
        parameters = regulariser.before_generator(LookaheadView(now, loss, game.optimisers["D"]))
        if parameters is not None:
            return lambda *given: call(parameters, *given)
    return game.D


def view_of_both(game: Game, batch: Batch, moment: Moment) -> GameView:
    """Both players, with a function that computes both losses anew on the batch."""
    return GameView(game.weights, lambda: _both(game, batch, moment))


def own_loss(game: Game, player: Player, step: int, parameters: Parameters | None = None) -> Tensor:
    """The player's own loss, penalties left out, on a batch that depends on the run's seed alone.

    Args:
        game: read only.
        player: whose loss.
        step: for regularisers that look at it.
        parameters: weights by name, in place of the player's own; those that are not named are its own.
    """
    batch, moment = _own_batch(game, player, step, player)
    return _both(game, batch, moment, {player: parameters or {}})[player]


def own_losses(game: Game, step: int) -> Mapping[Player, Tensor]:
    """Both players' losses, penalties left out, on one batch that depends on the run's seed alone, with one graph."""
    batch, moment = _own_batch(game, "both", step, "G")
    return _both(game, batch, moment)


def _own_batch(game: Game, whose: str, step: int, player: Player) -> tuple[Batch, Moment]:
    draws = stream("cpu", game.spec.seed, "own loss", whose)
    chosen = torch.randint(len(game.dataset), (game.spec.batch,), generator=draws)
    real, labels = game.dataset.samples[chosen].to(game.device), game.dataset.labels[chosen].to(game.device)
    z = game.network.latents(game.spec.batch, draws).to(game.device)
    conditional = game.conditioning.labels_generator
    fake_labels = labels[torch.randperm(len(labels), generator=draws).to(labels.device)] if conditional else None
    batch = Batch(real, labels if conditional else None, z, fake_labels)
    return batch, Moment(step, player, stream(game.device, game.spec.seed, "own loss", "noise"))


def _both(
    game: Game, batch: Batch, moment: Moment, given: Mapping[Player, Parameters] | None = None
) -> Mapping[Player, Tensor]:
    G, D = _copied(game.G), _copied(game.D)
    weights = given or {}
    of_g, of_d = weights.get("G", {}), weights.get("D", {})
    return _losses(game, batch, moment, G(of_g, batch.z, batch.fake_labels), lambda *shown: D(of_d, *shown))


def _losses(game: Game, batch: Batch, moment: Moment, fake: Tensor, D: Callable[..., Verdict]) -> dict[Player, Tensor]:
    """Each player's adversarial loss with its label term."""
    judge = judge_of(game, D, moment)
    on_real, on_fake = judge(batch.real, batch.real_labels), judge(fake, batch.fake_labels)
    for_d, for_g = replace(moment, player="D"), replace(moment, player="G")
    losses: dict[Player, Tensor] = {
        "D": game.loss.discriminator(
            on_its_way(game, on_real, "real", for_d), on_its_way(game, on_fake, "fake", for_d)
        ),
        "G": game.loss.generator(
            on_its_way(game, on_real, "real", for_g) if game.loss.generator_needs_real else None,
            on_its_way(game, on_fake, "fake", for_g),
        ),
    }
    if batch.real_labels is not None and batch.fake_labels is not None:
        of_d = game.conditioning.discriminator(on_real, on_fake, batch.real_labels, batch.fake_labels)
        of_g = game.conditioning.generator(on_fake, batch.fake_labels)
        losses["D"] = losses["D"] if of_d is None else losses["D"] + of_d.total
        losses["G"] = losses["G"] if of_g is None else losses["G"] + of_g.total
    return losses


def _copied(player: nn.Module) -> Callable[..., Any]:  # Any: a verdict from D, samples from G
    """The player as a function of given weights and its inputs, with copies of its buffers."""
    buffers = {name: buffer.clone() for name, buffer in player.named_buffers()}

    def call(parameters: Parameters, *given: Tensor | None) -> Any:  # Any: as above
        return functional_call(player, {**buffers, **parameters}, given)

    return call
