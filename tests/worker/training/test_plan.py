"""Knob changes that the spec knows beforehand: at their step, in the ledger, once."""

from hashlib import sha256

from contract.events import CommandAsked, KnobApplied, KnobAsked, KnobRefused, KnobRequest
from contract.jobs import Change, CheckpointRef, Resume

PLAN = [
    {"step": 4, "knobs": {"optimiser.g.lr": 1e-3}, "author": "ada", "reason": "try it"},
    {"step": 6, "knobs": {"optimiser.g.lr": {"to": 2e-3, "over": 3}, "game.d_steps": 2}},
    {"step": 9, "knobs": {"game.freeze_d": {"to": True, "over": 2, "shape": "pulse"}}},
]


def test_a_plan_gives_the_same_numbers_as_the_same_changes_by_hand(bench, points, state, assert_same):
    by_hand = {
        3: [asked("a", KnobRequest(name="optimiser.g.lr", value=1e-3))],
        5: [
            asked(
                "b", KnobRequest(name="optimiser.g.lr", value=2e-3, over=3), KnobRequest(name="game.d_steps", value=2)
            )
        ],
        8: [asked("c", KnobRequest(name="game.freeze_d", value=True, over=2, shape="pulse"))],
    }
    one, other = bench.run({**points, "plan": PLAN}), bench.run(points, at=by_hand)
    assert_same(state(one), state(other))
    assert one.reporter.series("loss.d") == other.reporter.series("loss.d")
    applied = [
        (step, [(k.name, k.old, k.value) for k in body.knobs]) for step, body in one.reporter.bodies(KnobApplied)
    ]
    assert applied == [
        (step, [(k.name, k.old, k.value) for k in body.knobs]) for step, body in other.reporter.bodies(KnobApplied)
    ]
    [first, second, _] = [body for _, body in one.reporter.bodies(KnobAsked)]
    assert (first.author, first.reason, second.author) == ("ada", "try it", "plan")


def test_a_plan_goes_on_after_a_crash_without_doing_anything_twice(bench, points, state, assert_same):
    at = {2: [CommandAsked(request_id="c", author="ada", command="checkpoint")]}
    straight = bench.run({**points, "plan": PLAN}, at=at)
    [name] = [name for name in bench.store if int(name.split("/")[-1].split("-")[0]) == 2]
    ref = CheckpointRef(step=2, name=name, sha256=sha256(bench.store[name]).hexdigest())
    _, first = straight.reporter.bodies(KnobApplied)[0]
    change = Change(step=4, name="optimiser.g.lr", value=1e-3, request=first.request_id)
    resume = Resume(checkpoints=[ref], ledger=[change], answered=[first.request_id])
    resumed = bench.run({**points, "plan": PLAN}, resume=resume, number=2)
    assert_same(state(straight), state(resumed))
    assert [step for step, _ in resumed.reporter.bodies(KnobApplied)] == [6, 9]


def test_what_a_plan_cannot_have_is_refused_in_the_ledger_and_the_run_goes_on(bench, points):
    run = bench.run({**points, "plan": [{"step": 4, "knobs": {"optimiser.g.lr": -1}}]})
    [(step, refused)] = run.reporter.bodies(KnobRefused)
    assert step == 4
    assert "optimiser.g.lr must be" in refused.reason
    assert run.ended is None


def asked(request_id, *knobs):
    return KnobAsked(request_id=request_id, author="ada", knobs=list(knobs))
