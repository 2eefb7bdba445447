"""Rules: what they do when it happens, in the ledger under their own name, once, and the same again after a crash."""

import statistics
from hashlib import sha256

import pytest

from contract.events import (
    AlarmRaised,
    CommandApplied,
    CommandAsked,
    KnobApplied,
    KnobAsked,
    KnobRefused,
)
from contract.jobs import Change, CheckpointRef, Resume
from worker.training.knob_board import RefusedKnob

CALM = {
    "name": "on_series",
    "as": "calm",
    "series": "loss.d",
    "when": "above",
    "threshold": -1e9,
    "every": 2,
    "warmup": 0,
}


def test_a_rule_turns_a_knob_under_its_own_name(bench, points):
    rule = {**CALM, "do": "set", "knob": "optimiser.g.lr", "to": 1e-3}
    run = bench.run({**points, "rules": [rule]})
    [(asked_at, asked)] = run.reporter.bodies(KnobAsked)
    [(step, applied)] = run.reporter.bodies(KnobApplied)
    assert (asked.author, asked_at, step) == ("rule calm", 6, 7), "three looks make a median"
    assert asked.reason.startswith("loss.d ")
    assert "above -1e+09" in asked.reason
    assert applied.knobs[0].old == 2e-4
    assert run._game.optimisers["G"].param_groups[0]["lr"] == 1e-3
    assert run.reporter.bodies(AlarmRaised) == []


def test_a_dry_run_only_says_what_would_be_done(bench, points, state, assert_same):
    rule = {**CALM, "do": "set", "knob": "optimiser.g.lr", "to": 1e-3, "dry_run": True}
    run = bench.run({**points, "rules": [rule]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert refused.reason == "dry run: nothing was changed"
    assert refused.knobs[0].value == 1e-3
    assert_same(state(bench.run(points)), state(run))


@pytest.mark.parametrize(("deed", "ending"), [("stop", "stop"), ("park", "park"), ("checkpoint", None)])
def test_a_rule_gives_a_command(bench, points, deed, ending):
    run = bench.run({**points, "rules": [{**CALM, "do": deed}]})
    assert run.ended == ending
    [(step, applied)] = run.reporter.bodies(CommandApplied)
    assert (step, applied.command) == (6, deed)


def test_a_rule_may_be_edited_while_the_run_goes_on(bench, points):
    rule = {**CALM, "threshold": 1e9, "do": "stop"}
    from contract.events import KnobRequest

    lower = KnobAsked(request_id="k", author="ada", knobs=[KnobRequest(name="calm.threshold", value=-1e9)])
    run = bench.run({**points, "rules": [rule]}, at={7: [lower]})
    assert run.ended == "stop"
    assert [step for step, body in run.reporter.bodies(CommandApplied)] == [8]


def test_a_rewind_waits_for_the_api_and_names_a_healthy_step(bench, points):
    rule = {**CALM, "do": "rewind", "knob": "game.d_steps", "to": 2, "patience": 2, "back": 3}
    resume = CommandAsked(request_id="c", author="ada", command="resume")
    run = bench.run({**points, "rules": [rule]}, at={10: [resume]})
    rewind, pause = [body for _, body in run.reporter.bodies(CommandAsked)]
    assert (rewind.command, rewind.params) == ("rewind", {"before": 3, "knobs": {"game.d_steps": 2}})
    assert (pause.command, pause.reason) == ("pause", "waits to be rewound")
    assert [body.command for _, body in run.reporter.bodies(CommandApplied)] == ["pause", "resume"]


def test_a_rule_acts_on_the_alarm_of_a_guard(bench, points):
    guard = {"name": "non_finite", "every": 1, "patience": 1}
    rules = [{"name": "on_alarm", "alarm": "non_finite", "every": 1, "do": "stop"}]
    lr = {"step": 3, "knobs": {"optimiser.g.lr": 1.0}}
    broken = {"optimisers": {"G": {"name": "sgd", "lr": 0.01}}}
    spec = {**points, **broken, "guards": [guard], "rules": rules, "plan": [lr], "steps": 300}
    quiet = bench.run({**points, "guards": [guard], "rules": rules})
    assert quiet.ended is None
    run = bench.attempt(spec)
    for parameter in run._game.G.parameters():
        parameter.data.fill_(float("nan"))
    assert run.run() == "stop"
    assert run.control.ended_by == "rule on_alarm"
    [(raised, _)] = run.reporter.bodies(AlarmRaised)
    [(stopped, _)] = run.reporter.bodies(CommandApplied)
    assert stopped == raised == 1


def test_a_rule_that_has_acted_does_not_act_again_after_a_crash(bench, points, state, assert_same):
    spec = {**points, "rules": [{**CALM, "do": "set", "knob": "optimiser.g.lr", "to": 1e-3}]}
    checkpoint = CommandAsked(request_id="c", author="ada", command="checkpoint")
    straight = bench.run(spec, at={4: [checkpoint]})
    [name] = [name for name in bench.store if int(name.split("/")[-1].split("-")[0]) == 4]
    ref = CheckpointRef(step=4, name=name, sha256=sha256(bench.store[name]).hexdigest())
    again = bench.run(spec, resume=Resume(checkpoints=[ref]), number=2)
    ids = [[body.request_id for _, body in run.reporter.bodies(KnobApplied)] for run in (straight, again)]
    assert ids[0] == ids[1], "found again at the same step, under the same id"
    change = Change(step=7, name="optimiser.g.lr", value=1e-3, request=ids[0][0])
    known = Resume(checkpoints=[ref], ledger=[change], answered=ids[0])
    replayed = bench.run(spec, resume=known, number=3)
    assert replayed.reporter.bodies(KnobAsked) == []
    for run in (again, replayed):
        assert_same(state(straight), state(run))


def test_a_held_series_comes_to_its_target_and_stays(bench, points):
    """The squared norm of D's gradient, held at a third of what it is without."""
    plain = {**points, "steps": 600, "regularisers": [{"name": "r1", "weight": 1e-3}]}
    free = _penalty(bench.run(plain))
    hold = {"name": "hold", "series": "penalty.r1", "target": free / 3, "knob": "r1.weight", "larger_knob": "lowers",
            "gain": 0.1, "low": 1e-3, "high": 100, "every": 1, "smooth": 2}  # fmt: skip
    assert _penalty(bench.run({**plain, "rules": [hold]})) == pytest.approx(hold["target"], rel=0.35)


def _penalty(run):
    return statistics.fmean(list(run.reporter.series("penalty.r1").values())[-200:])


@pytest.mark.parametrize(
    ("knob", "to", "words"),
    [
        ("nosuch.knob", 1, 'rules.calm: no knob called "nosuch.knob"'),
        ("optimiser.g.lr", -1, "rules.calm: optimiser.g.lr must"),
    ],
)
def test_a_rule_that_could_never_be_obeyed_fails_at_the_start(bench, points, knob, to, words):
    with pytest.raises(RefusedKnob, match=words):
        bench.attempt({**points, "rules": [{**CALM, "do": "set", "knob": knob, "to": to}]})
