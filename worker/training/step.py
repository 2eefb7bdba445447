"""One step of the game: the D phase, the G phase, and what each reports. Nothing here waits for the device."""

from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from contract.spec import Player
from worker.conditioning import LabelTerm
from worker.regularisers import PenaltyView, Regulariser
from worker.training.game import Game
from worker.verdict import Verdict


@dataclass
class Terms:
    """A player's loss as it is put together: the total, and every part by series name."""

    total: Tensor
    report: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Fakes:
    """A batch from G with the labels that it was given."""

    samples: Tensor
    labels: Tensor | None


def train_step(game: Game, step: int) -> dict[str, Tensor]:
    """One G step with its D steps.

    Args:
        game: changed in place.
        step: number of this step, from 1; lazy penalties fall due by it.

    Returns:
        Series name → 0-d tensor, still on the device and not yet computed there.
    """
    report: dict[str, Tensor] = {}
    simultaneous = game.params.updates == "simultaneous"
    for turn in range(game.params.d_steps):
        real, labels = game.data.next(game.spec.batch)
        d_step = (step - 1) * game.params.d_steps + turn + 1
        report.update(
            discriminator_phase(game, real.to(game.device, non_blocking=True), labels.to(game.device), d_step)
        )
        if not (simultaneous and turn == game.params.d_steps - 1):
            _update(game, "D")
    report.update(generator_phase(game, real))
    if simultaneous:
        _update(game, "D")
    _update(game, "G")
    game.averaging.update(game.G, step)
    return report


def discriminator_phase(game: Game, real: Tensor, labels: Tensor, d_step: int) -> dict[str, Tensor]:
    """D's loss and its gradients, left in `.grad` of D's parameters; lazy penalties fall due by the D step."""
    with torch.no_grad():
        fake = _generate(game, len(real))
    real_labels = labels if game.conditioning.labels_generator else None
    on_real, on_fake = _judge(game, real, real_labels), _judge(game, fake.samples, fake.labels)
    adversarial = game.loss.discriminator(on_real, on_fake)
    terms = Terms(adversarial, {"loss.d.adversarial": adversarial})
    terms.report["logit.real"] = on_real.logits.mean()
    terms.report["logit.fake"] = on_fake.logits.mean()
    if real_labels is not None and fake.labels is not None:
        _add_labels(terms, "D", game.conditioning.discriminator(on_real, on_fake, real_labels, fake.labels))
    view = PenaltyView(
        judge=lambda x, y: _judge(game, x, y),
        real=real,
        fake=fake.samples,
        real_labels=real_labels,
        fake_labels=fake.labels,
        generator=game.streams.regularisers,
    )
    _add_penalties(terms, game, view, d_step)
    return _backward(terms, "D", game.D)


def generator_phase(game: Game, real: Tensor) -> dict[str, Tensor]:
    """G's loss and its gradients, left in `.grad` of G's parameters; D's stay those of its own phase."""
    fake = _generate(game, game.spec.batch)
    on_real = _judge(game, real.to(game.device), None) if game.loss.generator_needs_real else None
    on_fake = _judge(game, fake.samples, fake.labels)
    adversarial = game.loss.generator(on_real, on_fake)
    terms = Terms(adversarial, {"loss.g.adversarial": adversarial})
    if fake.labels is not None:
        _add_labels(terms, "G", game.conditioning.generator(on_fake, fake.labels))
    return _backward(terms, "G", game.G)


def _generate(game: Game, n: int) -> Fakes:
    labels = game.draw_labels(n)
    return Fakes(game.G(game.draw_latents(n), labels), labels)


def _judge(game: Game, x: Tensor, labels: Tensor | None) -> Verdict:
    for regulariser in game.regularisers:
        x = regulariser.inputs(x, game.streams.regularisers)
    verdict: Verdict = game.D(x, labels)
    return verdict


def _add_labels(terms: Terms, player: Player, term: LabelTerm | None) -> None:
    if term is None:
        return
    where = "auxiliary" if player == "D" else "samples"
    terms.total = terms.total + term.total
    terms.report[f"loss.{player.lower()}.auxiliary"] = term.total
    terms.report.update({f"{where}.{attribute}.loss": part for attribute, part in term.parts.items()})


def _add_penalties(terms: Terms, game: Game, view: PenaltyView, d_step: int) -> None:
    for regulariser in game.regularisers:
        if regulariser.overrides("penalty") and _is_due(regulariser, d_step):
            penalty = regulariser.penalty(view)
            weighted = regulariser.params.weight * regulariser.params.every * penalty
            terms.total = terms.total + weighted
            terms.report[f"penalty.{regulariser.entry}"] = penalty
            terms.report[f"weighted.{regulariser.entry}"] = weighted


def _is_due(regulariser: Regulariser, d_step: int) -> bool:
    """A penalty of weight 0 is not computed: it costs as much as one that counts."""
    return bool(regulariser.params.weight != 0 and d_step % regulariser.params.every == 0)


def _backward(terms: Terms, player: Player, module: nn.Module) -> dict[str, Tensor]:
    module.zero_grad(set_to_none=True)
    torch.autograd.backward(terms.total, inputs=list(module.parameters()))
    return {f"loss.{player.lower()}": terms.total, **terms.report}


def _update(game: Game, player: Player) -> None:
    optimiser, module = game.optimisers[player], game.player(player)
    game.optimiser_parts[player].refresh(optimiser)
    optimiser.step()
    for regulariser in game.regularisers:
        if regulariser.player == player and regulariser.overrides("after_step"):
            regulariser.after_step(module)
