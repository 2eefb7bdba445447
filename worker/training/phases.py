"""The two phases of a step: each player's loss, its gradients, and what is reported of it."""

from dataclasses import dataclass, field

import torch
from torch import Tensor

from contract.spec import Player
from worker.conditioning import LabelTerm
from worker.regularisers import Moment, PenaltyView, Regulariser
from worker.training.game import Game
from worker.training.lookahead import Batch, Judge, future_discriminator, judge_of, on_its_way, view_of_both
from worker.verdict import Verdict


@dataclass
class Terms:
    """A player's loss as it is put together: the total, and every part by series name."""

    total: Tensor
    report: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Phase:
    """What a phase leaves behind: gradients in `.grad`, numbers to report, and D's answer that the loss was about."""

    report: dict[str, Tensor]
    verdict: Verdict
    """D's phase: on real samples. G's: on its own."""


def discriminator_phase(game: Game, real: Tensor, labels: Tensor, step: int, d_step: int) -> Phase:
    """D's loss and its gradients; lazy penalties fall due by the D step."""
    moment = Moment(step, "D", game.streams.regularisers)
    fake_labels = game.draw_labels(len(real))
    z = game.draw_latents(len(real), moment)
    with torch.no_grad():
        fake = game.G(z, fake_labels)
    real_labels = labels if game.conditioning.labels_generator else None
    batch = Batch(real, real_labels, z, fake_labels)
    judge = judge_of(game, game.D, moment)
    on_real, on_fake = judge(real, real_labels), judge(fake, fake_labels)
    adversarial = game.loss.discriminator(
        on_its_way(game, on_real, "real", moment), on_its_way(game, on_fake, "fake", moment)
    )
    terms = Terms(adversarial, {"loss.d.adversarial": adversarial})
    terms.report["logit.real"] = on_real.logits.mean()
    terms.report["logit.fake"] = on_fake.logits.mean()
    if real_labels is not None and fake_labels is not None:
        _add_labels(terms, "D", game.conditioning.discriminator(on_real, on_fake, real_labels, fake_labels))
    if game.hooks["penalty"]:
        _add_penalties(terms, game, _penalty_view(game, batch, moment, judge, fake, on_real, on_fake), d_step, moment)
    return Phase(_backward(terms, game, batch, moment), on_real)


def generator_phase(game: Game, real: Tensor, labels: Tensor, step: int) -> Phase:
    """G's loss and its gradients; D's stay those of its own phase. Lazy penalties fall due by the step."""
    moment = Moment(step, "G", game.streams.regularisers)
    fake_labels = game.draw_labels(game.spec.batch)
    z = game.draw_latents(game.spec.batch, moment)
    fake = game.G(z, fake_labels)
    real_labels = labels if game.conditioning.labels_generator else None
    batch = Batch(real, real_labels, z, fake_labels)
    D = future_discriminator(game, batch, fake, moment) if game.hooks["before_generator"] else game.D
    judge = judge_of(game, D, moment)
    on_real = judge(real, real_labels) if game.loss.generator_needs_real else None
    on_fake = judge(fake, fake_labels)
    adversarial = game.loss.generator(
        None if on_real is None else on_its_way(game, on_real, "real", moment),
        on_its_way(game, on_fake, "fake", moment),
    )
    terms = Terms(adversarial, {"loss.g.adversarial": adversarial})
    if fake_labels is not None:
        _add_labels(terms, "G", game.conditioning.generator(on_fake, fake_labels))
    if game.hooks["penalty"]:
        _add_penalties(terms, game, _penalty_view(game, batch, moment, judge, fake, on_real, on_fake), step, moment)
    return Phase(_backward(terms, game, batch, moment), on_fake)


def _add_labels(terms: Terms, player: Player, term: LabelTerm | None) -> None:
    if term is None:
        return
    where = "auxiliary" if player == "D" else "samples"
    terms.total = terms.total + term.total
    terms.report[f"loss.{player.lower()}.auxiliary"] = term.total
    terms.report.update({f"{where}.{attribute}.loss": part for attribute, part in term.parts.items()})


def _penalty_view(
    game: Game, batch: Batch, moment: Moment, judge: Judge, fake: Tensor, on_real: Verdict | None, on_fake: Verdict
) -> PenaltyView:
    return PenaltyView(
        judge=judge,
        real=batch.real,
        fake=fake,
        real_labels=batch.real_labels,
        fake_labels=batch.fake_labels,
        generator=moment.generator,
        step=moment.step,
        player=game.player(moment.player),
        on_real=on_real,
        on_fake=on_fake,
        z=batch.z,
        generate=game.G,
    )


def _add_penalties(terms: Terms, game: Game, view: PenaltyView, turn: int, moment: Moment) -> None:
    for regulariser in game.hooks["penalty"]:
        if regulariser.player == moment.player and _is_due(regulariser, turn):
            penalty = regulariser.penalty(view)
            weighted = regulariser.params.weight * regulariser.params.every * penalty
            terms.total = terms.total + weighted
            terms.report[f"penalty.{regulariser.entry}"] = penalty
            terms.report[f"weighted.{regulariser.entry}"] = weighted


def _is_due(regulariser: Regulariser, turn: int) -> bool:
    """A penalty of weight 0 is not computed: it costs as much as one that counts."""
    return bool(regulariser.params.weight != 0 and turn % regulariser.params.every == 0)


def _backward(terms: Terms, game: Game, batch: Batch, moment: Moment) -> dict[str, Tensor]:
    player = game.player(moment.player)
    player.zero_grad(set_to_none=True)
    torch.autograd.backward(terms.total, inputs=game.weights[moment.player])
    for regulariser in game.hooks["gradients"]:
        regulariser.gradients(moment.player, view_of_both(game, batch, moment))
    return {f"loss.{moment.player.lower()}": terms.total, **terms.report}
