"""Knobs: what may be asked, and what is in force."""

import pytest

from api import knobs
from api.problems import InvalidKnobs
from api.specs import checked
from api.tables import LedgerRow, RunRow
from contract.knobs import KnobDescription
from contract.resolve import knobs_of_spec
from contract.runs import CreateRun
from contract.spec import RunSpec

KNOWN = [
    KnobDescription(name="r1.weight", default=10.0, minimum=0, maximum=100),
    KnobDescription(name="game.d_steps", kind="integer", default=1, minimum=1, maximum=100),
]
SPEC = RunSpec.model_validate(
    {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp", "width": 48},
        "loss": {"name": "hinge"},
        "regularisers": [{"name": "r1", "weight": 10.0, "player": "D"}],
    }
)


def change(name, new, step, attempt, position=0):
    applied = {"outcome_position": position, "outcome": "applied"}
    return LedgerRow(name=name, new=new, step=step, attempt=attempt, over=1, shape="linear", **applied)


def run(*, attempt=1, from_step=0, step=0):
    return RunRow(
        id="r", attempt=attempt, from_step=from_step, step=step, knobs=knobs.encode(KNOWN), spec=SPEC.model_dump_json()
    )


def values(row, *changes):
    return {state.name: (state.value, state.applied_step) for state in knobs.states(row, changes, ())}


def test_the_knobs_of_a_spec_are_found_without_a_trainer(catalogue):
    spec = checked(CreateRun(recipe="faces-acgan", overrides={"conditioning": {"weight": 3.0}}), catalogue)
    found = {knob.name: knob.default for knob in knobs_of_spec(spec, catalogue)}
    assert found == {
        "game.d_steps": 1,
        "game.freeze_d": False,
        "game.freeze_g": False,
        "watching.budget": 0.1,
        "auxiliary.weight": 3.0,
        "hinge.margin": 1.0,
        "optimiser.g.lr": 2e-4,
        "optimiser.d.lr": 2e-4,
        "r1.weight": 10.0,
    }


def test_allowed_values_pass_and_keep_their_kind():
    found = knobs.check(run(), {"r1.weight": 0, "game.d_steps": 2.0})
    assert {name: (wish.to, wish.over) for name, wish in found.items()} == {"r1.weight": (0, 1), "game.d_steps": (2, 1)}
    assert isinstance(found["game.d_steps"].to, int)


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ({"r1.weight": -1}, "r1.weight must be a number from 0 to 100; got -1"),
        ({"r1.weight": "5"}, 'r1.weight must be a number from 0 to 100; got "5"'),
        ({"r1.weight": True}, "r1.weight must be a number from 0 to 100; got true"),
        ({"r1.weight": float("nan")}, "r1.weight must be a number from 0 to 100; got NaN"),
        ({"r1.weight": None}, "r1.weight must be a number from 0 to 100; got null"),
        ({"game.d_steps": 1.5}, "game.d_steps must be a whole number from 1 to 100; got 1.5"),
        ({"r2.weight": 1}, 'no knob called "r2.weight"; did you mean r1.weight? This run has: r1.weight, game.d_steps'),
        ({"zzz": 1}, 'no knob called "zzz". This run has: r1.weight, game.d_steps'),
        ({"network.width": 64}, "network.width is fixed when a run is launched, here at 48; launch another run"),
        ({"mlp.width": 64}, "mlp.width is fixed when a run is launched, here at 48; launch another run"),
        ({"r1.player": "G"}, 'r1.player is fixed when a run is launched, here at "D"'),
        ({"game.updates": "simultaneous"}, 'game.updates is fixed when a run is launched, here at "alternating"'),
        ({"batch": 128}, "batch is fixed when a run is launched, here at 64"),
        ({}, "no knob came; send an object of names and values"),
    ],
)
def test_refusals_name_the_bound(wanted, message):
    with pytest.raises(InvalidKnobs) as refused:
        knobs.check(run(), wanted)
    assert refused.value.detail.startswith(message)


def test_a_knob_may_move_over_several_steps():
    wanted = {"r1.weight": {"to": 2, "over": 100, "shape": "cosine"}, "game.d_steps": {"to": 3.0}}
    found = knobs.check(run(), wanted)
    assert [(wish.to, wish.over, wish.shape) for wish in found.values()] == [(2, 100, "cosine"), (3, 1, "linear")]


@pytest.mark.parametrize(
    ("wish", "message"),
    [
        ({"to": -1, "over": 10}, "r1.weight must be a number from 0 to 100; got -1"),
        ({"to": "5"}, 'r1.weight must be a number from 0 to 100; got "5"'),
        ({"over": 10}, 'r1.weight: give a value, or {"to": value, "over": steps, "shape": "linear", "cosine" or '),
        ({"to": 1, "over": 0}, "over: Input should be greater than or equal to 1; got 0"),
        ({"to": 1, "shape": "square"}, 'got "square"'),
        ({"to": 1, "steps": 5}, "steps: Extra inputs"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_what_can(wish, message):
    with pytest.raises(InvalidKnobs) as refused:
        knobs.check(run(), {"r1.weight": wish})
    assert message in refused.value.detail


def test_a_knob_on_its_way_is_in_force_where_it_has_come_to():
    move = change("r1.weight", "20.0", 8, 1)
    move.old, move.over, move.shape = "10.0", 10, "linear"
    assert [values(run(step=step), move)["r1.weight"][0] for step in (7, 8, 12, 17, 40)] == [
        10.0,
        11.0,
        15.0,
        20.0,
        20.0,
    ]


def test_a_knob_on_its_way_over_a_resume_is_where_it_has_come_to():
    move = change("r1.weight", "20.0", 101, 1)
    move.old, move.over, move.shape = "10.0", 1000, "linear"
    resumed = [run(attempt=2, from_step=600, step=step) for step in (600, 850, 2000)]
    assert [values(row, move)["r1.weight"][0] for row in resumed] == [15.0, 17.5, 20.0]
    assert values(run(attempt=2, from_step=1100, step=1200), move)["r1.weight"] == (10.0, None), "its first values"


def test_a_ramp_that_another_change_ended_is_not_in_force_after_a_resume():
    move, stop = change("r1.weight", "20.0", 101, 1, 1), change("r1.weight", "3.0", 300, 1, 2)
    move.old, move.over = "10.0", 1000
    assert values(run(attempt=2, from_step=600, step=700), move, stop)["r1.weight"] == (10.0, None)


def test_one_bad_value_refuses_all_and_each_fault_is_named():
    with pytest.raises(InvalidKnobs) as refused:
        knobs.check(run(), {"r1.weight": 5, "game.d_steps": 0, "x": 1})
    assert [error.where for error in refused.value.errors] == ["game.d_steps", "x"]


def test_a_change_is_in_force_from_its_step():
    assert values(run(step=7), change("r1.weight", "5.0", 8, 1))["r1.weight"] == (5.0, 8)


def test_the_last_of_several_changes_holds():
    row = run(step=20)
    assert values(row, change("r1.weight", "5", 8, 1), change("r1.weight", "6", 9, 1))["r1.weight"] == (6, 9)


def test_after_a_resume_earlier_changes_are_part_of_the_first_values_or_wait_for_their_step():
    before = change("r1.weight", "5.0", 10, 1)
    later = change("game.d_steps", "3", 40, 1)
    at_the_checkpoint = run(attempt=2, from_step=20, step=20)
    assert values(at_the_checkpoint, before, later) == {"r1.weight": (10.0, None), "game.d_steps": (1, None)}
    replayed = run(attempt=2, from_step=20, step=45)
    assert values(replayed, before, later)["game.d_steps"] == (3, 40)


def test_a_wish_stands_beside_the_value_in_force():
    wish = LedgerRow(name="r1.weight", new="50")
    state = next(state for state in knobs.states(run(), (), [wish]) if state.name == "r1.weight")
    assert (state.value, state.asked) == (10.0, 50)


def test_a_switch_has_pulses_and_no_ramps():
    switch = knobs.encode([KnobDescription(name="game.freeze_g", kind="boolean", default=False)])
    row = RunRow(id="r", attempt=1, from_step=0, step=0, knobs=switch, spec=SPEC.model_dump_json())
    with pytest.raises(InvalidKnobs, match='cannot move over 5 steps; "shape": "pulse" turns it for so long'):
        knobs.check(row, {"game.freeze_g": {"to": True, "over": 5}})
    assert knobs.check(row, {"game.freeze_g": {"to": True, "over": 5, "shape": "pulse"}})["game.freeze_g"].to is True


@pytest.mark.parametrize(("step", "value"), [(10, True), (13, True), (14, False), (99, False)])
def test_a_pulse_is_over_after_its_steps(step, value):
    row = LedgerRow(name="game.freeze_g", old="false", new="true", step=10, over=4, shape="pulse")
    assert knobs.after(row, step, is_whole=False) is value
