"""One step of the game: D's phases, G's phase, and their updates. Nothing here waits for the device."""

import torch
from torch import Tensor

from contract.spec import Player
from worker.optimisers import UpdateView
from worker.training.game import Game
from worker.training.lookahead import own_loss
from worker.training.phases import discriminator_phase, generator_phase

Report = dict[str, Tensor | float]


def train_step(game: Game, step: int) -> Report:
    """One G step with its D steps.

    Args:
        game: changed in place.
        step: number of this step, from 1; lazy penalties fall due by it.

    Returns:
        Series name → number, or 0-d tensor still on the device and not yet computed there.
    """
    report: Report = {}
    if game.extrapolates:
        _extrapolate(game, step)
    simultaneous = game.params.updates == "simultaneous"
    for turn in range(game.params.d_steps):
        real, labels = _next_batch(game)
        d_phase = discriminator_phase(game, real, labels, step, (step - 1) * game.params.d_steps + turn + 1)
        report.update(d_phase.report)
        if not (simultaneous and turn == game.params.d_steps - 1):
            report.update(_update(game, "D", step))
    g_phase = generator_phase(game, real, labels, step)
    report.update(g_phase.report)
    if simultaneous:
        report.update(_update(game, "D", step))
    report.update(_update(game, "G", step))
    with torch.no_grad():
        report.update(game.loss.after_step(d_phase.verdict, g_phase.verdict))
    game.averaging.update(game.G, game.D, step)
    return report


def _next_batch(game: Game) -> tuple[Tensor, Tensor]:
    real, labels = game.data.next(game.spec.batch)
    return real.to(game.device, non_blocking=True), labels.to(game.device)


def _extrapolate(game: Game, step: int) -> None:
    """Move the players that look ahead to where one step would take them; their next step starts from where they were.

    Both gradients are taken at the present point, on a batch of their own.
    """
    real, labels = _next_batch(game)
    discriminator_phase(game, real, labels, step, (step - 1) * game.params.d_steps + 1)
    generator_phase(game, real, labels, step)
    for player in filter(game.params.trains, game.extrapolates):
        optimiser = game.optimisers[player]
        game.optimiser_parts[player].refresh(optimiser, step)
        optimiser.extrapolate()  # type: ignore[attr-defined]  # what `extrapolates` promises


def _update(game: Game, player: Player, step: int) -> Report:
    if not game.params.trains(player):
        return {}
    optimiser, part, module = game.optimisers[player], game.optimiser_parts[player], game.player(player)
    part.refresh(optimiser, step)
    view = UpdateView(step, game.weights[player], lambda: own_loss(game, player, step))
    report = {part.series_name(name): value for name, value in part.before_update(optimiser, view).items()}
    if part.is_scheduled:  # a rate without a schedule is the knob lr, whose changes are a series too
        report[part.series_name("<entry>.rate")] = part.rate(step)
    optimiser.step()
    for regulariser in game.hooks["after_step"]:
        if regulariser.player == player:
            regulariser.after_step(module, step)
    return report
