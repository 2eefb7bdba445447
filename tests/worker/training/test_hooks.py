"""When the step calls each hook of a regulariser, how often, and what comes of what the hook returns."""

import copy
import math
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest
import torch
from torch.testing import assert_close

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.regularisers import HOOKS
from worker.training.phases import discriminator_phase, generator_phase
from worker.training.step import train_step
from worker.training.undisturbed import undisturbed
from worker.training.view import View


@dataclass
class Seen:
    """One call of a hook."""

    hook: str
    player: str | None
    given: object
    step: int | None = None
    on: str | None = None


class Recorder(regularisers.Regulariser):
    """Keeps every call; changes nothing but what a test asks it to change."""

    title = "Recorder (tests)"

    class Params(ComponentParams):
        """As a penalty has them."""

        weight: float = knob(1.0)
        """Factor."""
        every: int = 1
        """Interval."""
        player: Player = "D"
        """Whose loss."""
        pack: int = 1
        """Samples that D sees at once."""

    def __init__(self, params, entry):
        super().__init__(params, entry)
        self.player = params.player
        self.calls = []
        self.changes = {}

    @property
    def pack(self):
        return self.params.pack

    def _saw(self, hook, given, player=None, **more):
        self.calls.append(Seen(hook, player, given, **more))
        return self.changes.get(hook, lambda same: same)(given)

    def build(self, player):
        self._saw("build", player)

    def latents(self, z, moment):
        return self._saw("latents", z, moment.player, step=moment.step)

    def inputs(self, x, moment):
        x = self._saw("inputs", x, moment.player, step=moment.step)
        return x.reshape(len(x) // self.pack, -1) if self.pack > 1 else x

    def verdict(self, verdict, on, moment):
        return self._saw("verdict", verdict, moment.player, on=on, step=moment.step)

    def penalty(self, view):
        self._saw("penalty", view, step=view.step)
        return view.on_fake.logits.mean() * 0

    def before_generator(self, view):
        answer = self._saw("before_generator", view)
        return None if answer is view else answer

    def gradients(self, player, view):
        self._saw("gradients", view, player)

    def after_step(self, player, step):
        self._saw("after_step", player, step=step)

    def order(self):
        """Hooks in the order of their calls, with the player and the side where the hook is told."""
        return [" ".join(part for part in (seen.hook, seen.player, seen.on) if part) for seen in self.calls]

    def given(self, hook):
        return [seen.given for seen in self.calls if seen.hook == hook]


@dataclass
class Played:
    """A game with a recorder in it."""

    game: object
    recorder: Recorder
    reports: list = field(default_factory=list)

    def step(self, number=1):
        self.recorder.calls.clear()
        self.reports.append(train_step(self.game, number))
        return self.reports[-1]


@pytest.fixture
def play(bench, points, monkeypatch):
    """Builds a game on points with a recorder."""
    regularisers.family.discover()
    monkeypatch.setitem(regularisers.family._classes, "recorder", Recorder)

    def make(*, game=None, **params):
        sgd = {"name": "sgd", "lr": 0.1}
        spec = {**points, "regularisers": [{"name": "recorder", **params}], "optimisers": {"G": sgd, "D": sgd}}
        built = bench.attempt({**spec, "game": game or {}})._game
        return Played(built, built.regularisers[0])

    return make


def test_the_recorder_has_every_hook_there_is():
    recorder = Recorder(Recorder.Params(), "recorder")
    assert [hook for hook in HOOKS if not recorder.overrides(hook)] == []


D_PHASE = ["latents D", "inputs D", "inputs D", "verdict D real", "verdict D fake", "penalty", "gradients D"]
G_PHASE = ["latents G", "before_generator", "inputs G", "verdict G fake", "gradients G"]


def test_alternating_players_call_each_hook_in_its_place(play):
    played = play(game={"d_steps": 2})
    assert played.recorder.order() == ["build"]
    played.step()
    assert played.recorder.order() == [*D_PHASE, "after_step", *D_PHASE, "after_step", *G_PHASE]
    assert {seen.step for seen in played.recorder.calls} <= {1, None}


def test_simultaneous_players_are_updated_after_both_phases(play):
    played = play(game={"updates": "simultaneous"})
    played.step()
    assert played.recorder.order() == [*D_PHASE, *G_PHASE, "after_step"]


def test_a_regulariser_of_g_has_its_penalty_and_its_last_word_in_gs_turn(play):
    played = play(player="G")
    played.game.optimiser_parts["G"].params.lr = 0.0
    played.step(5)
    in_d_phase = [hook for hook in D_PHASE if hook != "penalty"]
    assert played.recorder.order() == [*in_d_phase, *G_PHASE[:-1], "penalty", "gradients G", "after_step"]
    assert played.recorder.given("after_step") == [played.game.G]
    (view,) = played.recorder.given("penalty")
    assert view.player is played.game.G
    assert view.on_real is None
    assert view.fake.grad_fn is not None
    assert_close(view.generate(view.z, None), view.fake)


def test_a_loss_of_g_that_looks_at_real_samples_shows_them_too(play):
    played = play()
    played.game.loss.generator_needs_real = True
    played.step()
    assert [hook for hook in played.recorder.order() if hook.startswith("verdict G")] == [
        "verdict G real",
        "verdict G fake",
    ]
    assert played.recorder.order().count("inputs G") == 2


def test_a_penalty_falls_due_by_its_interval_and_nothing_else_does(play):
    played = play(every=3)
    counts = Counter()
    for step in range(1, 7):
        played.step(step)
        counts.update(hook.split()[0] for hook in played.recorder.order())
    expected = {"penalty": 2, "latents": 12, "inputs": 18, "verdict": 18, "gradients": 12, "before_generator": 6}
    assert counts == {**expected, "after_step": 6}


def test_the_player_is_built_once_and_before_its_optimiser(play, monkeypatch):
    def widen(player):
        player.register_parameter("more", torch.nn.Parameter(torch.ones(2)))

    monkeypatch.setattr(Recorder, "build", lambda self, player: widen(player))
    game = play().game
    assert any(weight is game.D.more for weight in game.optimisers["D"].param_groups[0]["params"])
    assert any(weight is game.D.more for weight in game.weights["D"])
    assert not hasattr(game.G, "more")


def test_latents_are_those_that_g_then_gets(play):
    played = play()
    played.recorder.changes["latents"] = torch.zeros_like
    played.step()
    ((real, fake), view) = played.recorder.given("inputs")[:2], played.recorder.given("penalty")[0]
    assert view.z.abs().max() == 0
    # Batch normalisation in G: a batch of equal latents gives equal samples.
    assert_close(fake, fake[:1].expand(16, 2))
    assert not torch.equal(real, real[:1].expand(16, 2))


def test_d_judges_what_the_inputs_have_become_in_its_loss_and_in_a_penalty(play):
    played = play()
    played.recorder.changes["inputs"] = torch.zeros_like
    report = played.step()
    assert torch.equal(report["logit.real"], report["logit.fake"])
    (view,) = played.recorder.given("penalty")
    assert_close(view.judge(view.real, None).logits, view.judge(view.fake, None).logits, rtol=0, atol=0)


def test_a_changed_verdict_enters_the_adversarial_losses_and_nothing_else(play):
    played = play()
    played.recorder.changes["verdict"] = lambda verdict: replace(verdict, logits=verdict.logits * 0)
    report = played.step()
    assert_close(report["loss.d.adversarial"].item(), 2 * math.log(2), rtol=1e-6, atol=0)
    assert_close(report["loss.g.adversarial"].item(), math.log(2), rtol=1e-6, atol=0)
    assert report["logit.real"] != 0
    (view,) = played.recorder.given("penalty")
    assert view.on_real.logits.abs().sum() > 0
    assert view.on_fake.logits.abs().sum() > 0


def test_gradients_may_be_changed_before_the_update(play):
    played = play()
    before = copy.deepcopy((played.game.G.state_dict(), played.game.D.state_dict()))

    def erase(player, view):
        for weight in view.parameters[player]:
            weight.grad.zero_()

    played.recorder.gradients = erase
    played.step()
    weights = [name for name, _ in played.game.G.named_parameters()]
    assert_close(played.game.D.state_dict(), before[1], rtol=0, atol=0)
    assert all(torch.equal(played.game.G.state_dict()[name], before[0][name]) for name in weights)


@pytest.mark.parametrize("player", ["G", "D"])
def test_both_losses_can_be_had_anew_where_gradients_are_and_move_no_buffer(play, player):
    played = play()
    again = []

    def look(whose, view):
        if whose == player:
            before = copy.deepcopy(played.game.G.state_dict())
            again.append(view.losses())
            assert_close(played.game.G.state_dict(), before, rtol=0, atol=0)

    played.recorder.gradients = look
    report = played.step()
    (losses,) = again
    # Batch normalisation and the samples are the phase's own, so the number is the one that the phase reports.
    assert_close(losses[player], report[f"loss.{player.lower()}.adversarial"])
    for loss in losses.values():
        slopes = torch.autograd.grad(loss, played.game.weights["G"], retain_graph=True)
        assert sum(slope.abs().sum() for slope in slopes) > 0


def test_gs_loss_is_taken_at_the_weights_that_come_before_it(play):
    played = play()
    played.recorder.changes["before_generator"] = lambda view: {
        name: weight * 0 for name, weight in view.parameters.items()
    }
    before = {name: weight.clone() for name, weight in played.game.D.named_parameters()}
    played.game.optimiser_parts["D"].params.lr = 0.0
    report = played.step()
    assert_close(report["loss.g"].item(), math.log(2), rtol=1e-6, atol=0)
    assert report["logit.fake"] != 0
    assert_close(dict(played.game.D.named_parameters()), before, rtol=0, atol=0)


def test_ds_loss_of_the_future_is_its_loss_on_the_samples_of_the_phase(play):
    played = play()
    found = []

    def look(view):
        loss = view.loss(view.parameters)
        slopes = torch.autograd.grad(loss, played.game.weights["G"], retain_graph=True)
        found.append((loss, slopes, view.optimiser))
        return view

    played.recorder.changes["before_generator"] = look
    real, labels = played.game.data.next(16)
    generator_phase(played.game, real, labels, 1)
    ((loss, slopes, optimiser),) = found
    assert optimiser is played.game.optimisers["D"]
    fake = played.recorder.given("inputs")[-1]
    on_real, on_fake = played.game.D(real), played.game.D(fake)
    assert_close(loss, played.game.loss.discriminator(on_real, on_fake))
    assert sum(slope.abs().sum() for slope in slopes) > 0


def test_a_pack_widens_d_alone_and_monitors_show_it_copies(play):
    played = play(pack=4)
    game = played.game
    assert game.D.hidden[0].in_features == 8
    assert game.G.layers[-1].out_features == 2
    assert len(discriminator_phase(game, *game.data.next(16), 1, 1).verdict.logits) == 4
    played.recorder.calls.clear()
    stream, x = game.streams.regularisers.get_state(), torch.randn(5, 2)
    with undisturbed([game.G, game.D]):
        logits = View(game, "points", 7).judge(x).logits
    (seen,) = played.recorder.calls
    assert (seen.hook, seen.player, seen.step) == ("inputs", "D", 7)
    assert torch.equal(seen.given, x.repeat_interleave(4, dim=0))
    assert_close(logits, game.D(x.repeat(1, 4)).logits)
    assert torch.equal(game.streams.regularisers.get_state(), stream)


def test_monitors_show_d_samples_as_they_are_where_nobody_packs(play):
    played = play()
    played.recorder.calls.clear()
    with undisturbed([played.game.G, played.game.D]):
        View(played.game, "points", 1).judge(torch.zeros(3, 2))
    assert played.recorder.calls == []


UNLABELLED = {"conditioning": {"name": "none"}, "loss": {"name": "nonsaturating"}}


def test_augmented_pictures_are_packed_afterwards_and_every_end_of_d_trains(bench, images):
    names = ["packing", "spectral_norm", "minibatch_std", "minibatch_discrimination", "diff_augment", "r1", "unrolling"]
    game = bench.attempt({**images, **UNLABELLED, "regularisers": [{"name": name} for name in names]})._game
    assert [each.entry for each in game.hooks["inputs"]] == ["diff_augment", "packing"]
    assert "verdict.logit.parametrizations.weight.original" in dict(game.D.named_parameters())
    for step in range(1, 3):
        report = train_step(game, step)
    assert all(torch.as_tensor(value).isfinite() for value in report.values())
    assert all(weight.isfinite().all() for player in ("G", "D") for weight in game.weights[player])


@pytest.mark.parametrize("optimiser", ["adam", "sgd"])
def test_unrolling_leaves_d_its_buffers_and_its_optimiser_alone(bench, images, optimiser):
    """Batch normalisation and spectral norm in D, labels, and an optimiser with a past."""
    spec = {**images, "network": {"name": "dcgan", "width": 4, "z_dim": 8, "normalisation": "batch"}}
    others = [{"name": "spectral_norm"}, {"name": "instance_noise"}]
    spec |= {"optimisers": {"G": {"name": "adam"}, "D": {"name": optimiser}}}
    game = bench.attempt({**spec, "regularisers": [*others, {"name": "unrolling", "steps": 3}]})._game
    for step in range(1, 3):
        train_step(game, step)
    before = copy.deepcopy((game.D.state_dict(), game.optimisers["D"].state_dict()))
    gradients = [weight.grad.clone() for weight in game.weights["D"]]
    generator_phase(game, *game.data.next(8), 3)
    assert_close((game.D.state_dict(), game.optimisers["D"].state_dict()), before, rtol=0, atol=0)
    assert_close([weight.grad for weight in game.weights["D"]], gradients, rtol=0, atol=0)
    assert all(weight.grad.isfinite().all() for weight in game.weights["G"])
    assert sum(weight.grad.abs().sum() for weight in game.weights["G"]) > 0
