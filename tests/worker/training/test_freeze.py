"""One player alone: frozen for a while, or stepped while the other stands still."""

import copy
from hashlib import sha256

import pytest
import torch

from contract.events import (
    CommandApplied,
    CommandAsked,
    CommandRefused,
    KnobApplied,
    KnobAsked,
    KnobRefused,
    KnobRequest,
)
from contract.jobs import Change, CheckpointRef, Resume


def command(name, request_id=None, **params):
    return CommandAsked(request_id=request_id or f"c-{name}", author="ada", command=name, params=params)


def frozen(player, value=True, over=1, shape="linear", request_id="k"):
    knob = KnobRequest(name=f"game.freeze_{player}", value=value, over=over, shape=shape)
    return KnobAsked(request_id=request_id, author="ada", knobs=[knob])


def weights(run):
    game = run._game
    return {name: copy.deepcopy(dict(game.player(name).named_parameters())) for name in ("G", "D")}


def moved(run, spec, player):
    before, after = weights(run), None
    run.run()
    after = weights(run)
    return any(not torch.equal(before[player][name], after[player][name]) for name in before[player])


@pytest.mark.parametrize("updates", ["alternating", "simultaneous"])
@pytest.mark.parametrize(("player", "other"), [("D", "G"), ("G", "D")])
def test_a_step_of_one_player_leaves_the_other_where_it_was(bench, points, player, other, updates):
    spec = {**points, "steps": 1, "game": {"updates": updates}}
    at = {0: [command("pause")], 1: [command("step", player=player)]}
    assert moved(bench.attempt(spec, at=copy.deepcopy(at)), spec, player)
    assert not moved(bench.attempt(spec, at=at), spec, other)


def test_steps_of_one_player_stand_in_the_ledger_and_pause_again(bench, points):
    at = {2: [command("pause")], 3: [command("step", n=3, player="D")], 8: [command("resume")]}
    run = bench.run({**points, "steps": 9}, at=at)
    [(step, applied)] = run.reporter.bodies(KnobApplied)
    [knob] = applied.knobs
    assert (step, knob.name, knob.value, knob.old, knob.over, knob.shape) == (
        3,
        "game.freeze_g",
        True,
        False,
        3,
        "pulse",
    )
    [asked] = [body for _, body in run.reporter.bodies(KnobAsked)]
    assert (asked.author, asked.reason, asked.request_id) == ("ada", "a step of D alone", applied.request_id)
    assert run.reporter.series("knob.game.freeze_g") == {0: 0.0, 3: 1.0, 4: 1.0, 5: 1.0, 6: 0.0}
    assert run.script.waits == 2
    assert set(run.reporter.series("loss.g")) == set(range(1, 10)), "its loss is reported all the same"


def test_steps_of_one_player_are_repeated_after_a_crash_bit_for_bit(bench, points, state, assert_same):
    at = {
        2: [command("checkpoint")],
        4: [command("pause")],
        5: [command("step", n=3, player="G")],
        9: [command("resume")],
    }
    straight = bench.run(points, at=at)
    [applied] = [body for _, body in straight.reporter.bodies(KnobApplied)]
    [name] = [name for name in bench.store if int(name.split("/")[-1].split("-")[0]) == 2]
    ref = CheckpointRef(step=2, name=name, sha256=sha256(bench.store[name]).hexdigest())
    [knob] = applied.knobs
    change = Change(
        step=5, name=knob.name, value=knob.value, over=knob.over, shape=knob.shape, request=applied.request_id
    )
    resumed = bench.run(
        points, resume=Resume(checkpoints=[ref], ledger=[change], answered=[applied.request_id]), number=2
    )
    assert min(resumed.reporter.series("loss.d")) == 3
    assert_same(state(straight), state(resumed))
    assert resumed.reporter.bodies(KnobAsked) == []


def test_a_resume_among_single_steps_ends_them(bench, points):
    run = bench.run(points, at={1: [command("pause")], 2: [command("step", n=5, player="D")], 4: [command("resume")]})
    assert run.reporter.bodies(CommandRefused) == []
    assert run.ended is None
    assert run.script.waits == 1, "it does not pause again"


def test_nobody_trains_is_refused(bench, points):
    run = bench.run(points, at={1: [frozen("d")], 3: [frozen("g", request_id="k2")]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert "nobody would train; pause the run instead" in refused.reason
    assert run._board.values()["game.freeze_g"] is False
    assert run._board.values()["game.freeze_d"] is True


def test_a_frozen_player_cannot_be_stepped_alone(bench, points):
    asked = [command("step", player="D"), command("step", "x", player="X"), command("step", "g", player="G")]
    run = bench.run(points, at={1: [frozen("d"), command("pause")], 2: asked, 5: [command("resume")]})
    reasons = {body.request_id: body.reason for _, body in run.reporter.bodies(CommandRefused)}
    assert reasons["c-step"] == "D is frozen: set game.freeze_d to false first"
    assert "player must be D or G" in reasons["x"]
    assert "g" in [body.request_id for _, body in run.reporter.bodies(CommandApplied)]
    assert run._board.values()["game.freeze_d"] is True


@pytest.mark.parametrize("optimiser", ["extra_adam", "nudged_adam"])
def test_a_frozen_player_stands_still_whatever_its_optimiser_does(bench, points, optimiser):
    spec = {**points, "steps": 4, "optimisers": {"D": {"name": optimiser}}, "game": {"freeze_d": True}}
    assert not moved(bench.attempt(spec), spec, "D")
    assert moved(bench.attempt(spec), spec, "G")


def test_a_pulse_comes_back_to_what_was_before_also_when_another_takes_its_place(bench, points):
    def pulse(value, over, request_id):
        knob = KnobRequest(name="optimiser.g.lr", value=value, over=over, shape="pulse")
        return KnobAsked(request_id=request_id, author="ada", knobs=[knob])

    run = bench.run(points, at={2: [pulse(1e-3, 6, "a")], 4: [pulse(5e-3, 2, "b")]})
    values = run.reporter.series("knob.optimiser.g.lr")
    assert values == pytest.approx({0: 2e-4, 3: 1e-3, 4: 1e-3, 5: 5e-3, 6: 5e-3, 7: 2e-4})
    assert [body.knobs[0].old for _, body in run.reporter.bodies(KnobApplied)] == [2e-4, 2e-4]
