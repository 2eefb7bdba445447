"""Ramps: a knob on its way to its value, and the same way again after a stop."""

import math
from hashlib import sha256

import pytest
import torch

from contract.events import CommandAsked, KnobApplied, KnobAsked, KnobRefused, KnobRequest, Log
from contract.jobs import Change, CheckpointRef, Resume


def ramp(name, to, over, shape="linear", request_id="k"):
    knob = KnobRequest(name=name, value=to, over=over, shape=shape)
    return KnobAsked(request_id=request_id, author="ada", knobs=[knob])


def at_once(name, to):
    return KnobAsked(request_id="once", author="ada", knobs=[KnobRequest(name=name, value=to)])


STOP = CommandAsked(request_id="c", author="ada", command="stop")


@pytest.mark.parametrize(
    ("shape", "share"), [("linear", lambda t: t), ("cosine", lambda t: (1 - math.cos(math.pi * t)) / 2)]
)
def test_a_knob_moves_step_by_step_and_ends_exactly_there(bench, points, shape, share):
    run = bench.run({**points, "steps": 12}, at={3: [ramp("optimiser.g.lr", 1e-3, 4, shape)]})
    moved = run.reporter.series("knob.optimiser.g.lr")
    wanted = {0: 2e-4} | {3 + k: 2e-4 + (1e-3 - 2e-4) * share(k / 4) for k in (1, 2, 3)} | {7: 1e-3}
    assert moved == pytest.approx(wanted, rel=1e-6)  # the test's reporter keeps float32
    assert run._game.optimisers["G"].param_groups[0]["lr"] == 1e-3
    [(step, applied)] = run.reporter.bodies(KnobApplied)
    assert (step, applied.knobs[0].old, applied.knobs[0].value, applied.knobs[0].over) == (4, 2e-4, 1e-3, 4)


def test_a_knob_of_whole_numbers_moves_over_whole_numbers(bench, points):
    run = bench.run({**points, "steps": 8}, at={1: [ramp("game.d_steps", 3, 4)]})
    assert run.reporter.series("knob.game.d_steps") == {0: 1, 2: 2, 3: 2, 4: 2, 5: 3}


def test_another_wish_takes_a_knob_off_its_way(bench, points):
    at = {2: [ramp("optimiser.g.lr", 1e-3, 100)], 5: [at_once("optimiser.g.lr", 5e-4)]}
    run = bench.run(points, at=at)
    values = run.reporter.series("knob.optimiser.g.lr")
    assert max(values) == 6
    assert run._board.values()["optimiser.g.lr"] == 5e-4


def test_a_second_ramp_begins_where_the_first_has_come_to(bench, points):
    at = {2: [ramp("optimiser.g.lr", 1e-3, 8)], 6: [ramp("optimiser.g.lr", 0.0, 2, request_id="k2")]}
    run = bench.run(points, at=at)
    values = run.reporter.series("knob.optimiser.g.lr")
    come_to = 2e-4 + (1e-3 - 2e-4) * 5 / 8
    assert [values[7], values[8]] == pytest.approx([come_to / 2, 0.0])


def command(name, request_id="c"):
    return CommandAsked(request_id=request_id, author="ada", command=name)


CROWDED = {
    "undone": [ramp("optimiser.g.lr", 1e-3, 6, request_id="a"), at_once("optimiser.g.lr", 2e-4)],
    "set, then moved": [at_once("optimiser.g.lr", 5e-4), ramp("optimiser.g.lr", 1e-3, 6, request_id="b")],
    "moved twice": [
        ramp("optimiser.g.lr", 1e-3, 6, request_id="a"), ramp("optimiser.g.lr", 1e-4, 3, request_id="b"),
    ],
}  # fmt: skip


@pytest.mark.parametrize("end", ["pause", "stop"])
@pytest.mark.parametrize("wishes", CROWDED.values(), ids=CROWDED.keys())
def test_several_wishes_at_one_paused_step_are_repeated_as_they_came(bench, points, state, assert_same, wishes, end):
    """A run is paused after step 3, and two wishes come one after the other: both take place at step 4."""
    first, second = wishes
    straight = bench.run(points, at={3: [command("pause")], 4: [first], 5: [second], 6: [command("resume")]})
    applied = straight.reporter.bodies(KnobApplied)
    assert [step for step, _ in applied] == [4, 4]
    bench.store.clear()
    ending = {6: [command("stop", "s")]} if end == "stop" else {6: [command("resume"), command("stop", "s")]}
    bench.run(points, at={3: [command("pause")], 4: [first], 5: [second], **ending})
    references = [
        CheckpointRef(step=3, name=name, sha256=sha256(content).hexdigest()) for name, content in bench.store.items()
    ]
    ledger = [
        Change(step=4, name=knob.name, value=knob.value, over=knob.over, shape=knob.shape, request=body.request_id)
        for _, body in applied
        for knob in body.knobs
    ]
    resumed = bench.run(points, resume=Resume(checkpoints=references, ledger=ledger), number=2)
    assert_same(state(straight), state(resumed))
    tail = [step for step in straight.reporter.series("loss.d") if step > 3]
    assert [resumed.reporter.series("loss.d")[step] for step in tail] == [
        straight.reporter.series("loss.d")[step] for step in tail
    ]


def test_a_paused_run_says_once_where_a_knob_on_its_way_is(bench, points):
    at = {3: [ramp("optimiser.g.lr", 1e-3, 6)], 5: [command("pause")], 60: [command("resume")]}
    run = bench.run(points, at=at)
    said = [step for step, values in run.reporter.rows if "knob.optimiser.g.lr" in values]
    assert said == [0, 4, 5, 6, 7, 8, 9]


def test_a_ramp_beyond_the_bounds_is_refused_whole(bench, points):
    run = bench.run(points, at={2: [ramp("optimiser.g.lr", -1.0, 4)]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert "optimiser.g.lr must be a number from 0" in refused.reason
    assert set(run.reporter.series("knob.optimiser.g.lr")) == {0}
    assert run._board.values()["optimiser.g.lr"] == 2e-4


def test_a_knob_that_another_one_blocks_stops_on_its_way_and_says_so(bench, points):
    part = {"name": "label_smoothing", "low": 0.1, "high": 0.5}
    run = bench.run({**points, "regularisers": [part]}, at={2: [ramp("label_smoothing.low", 0.9, 4)]})
    [(step, log)] = run.reporter.bodies(Log)
    assert (step, log.level) == (5, "warning")
    assert "low must be at most high" in log.message
    assert run._board.values()["label_smoothing.low"] == pytest.approx(0.5)


@pytest.mark.parametrize("stop_at", [3, 5, 9])
def test_a_run_that_was_stopped_on_the_way_goes_the_same_way_bit_for_bit(bench, points, state, assert_same, stop_at):
    wish = ramp("optimiser.g.lr", 1e-3, 6, "cosine")
    straight = bench.run(points, at={3: [wish]})
    bench.store.clear()
    bench.run(points, at={3: [wish], stop_at: [STOP]} if stop_at != 3 else {3: [wish, STOP]})
    [(name, content)] = bench.store.items()
    reference = CheckpointRef(step=stop_at, name=name, sha256=sha256(content).hexdigest())
    ledger = [Change(step=4, name="optimiser.g.lr", value=1e-3, over=6, shape="cosine")]
    resumed = bench.run(points, resume=Resume(checkpoints=[reference], ledger=ledger), number=2)
    assert_same(state(straight), state(resumed))
    moved = straight.reporter.series("knob.optimiser.g.lr")
    again = resumed.reporter.series("knob.optimiser.g.lr")
    assert {step: value for step, value in again.items() if step > stop_at} == {
        step: value for step, value in moved.items() if step > stop_at
    }


def test_replaying_a_ramp_from_the_beginning_gives_the_steered_run(bench, points, state):
    steered = bench.run(points, at={3: [ramp("optimiser.g.lr", 1e-3, 6)]})
    ledger = [Change(step=4, name="optimiser.g.lr", value=1e-3, over=6)]
    replayed = bench.run(points, resume=Resume(ledger=ledger), number=2)
    one, other = state(steered), state(replayed)
    assert all(torch.equal(one[name], other[name]) for name in one)
