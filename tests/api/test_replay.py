"""The spec that repeats a run, from what SQL knows of it and its ancestors."""

import pytest
import yaml

from api.problems import NotRepeatable
from api.replay import as_yaml, replay_of
from api.specs import checked
from api.tables import LedgerRow, RunRow
from contract.runs import CreateRun
from contract.spec import RunSpec
from worker.catalogue import build_catalogue


@pytest.fixture(scope="module")
def known():
    return build_catalogue()


@pytest.fixture
def session(desk):
    with desk.database.write() as session:
        yield session


@pytest.fixture
def spec(known):
    return checked(CreateRun.model_validate({"recipe": "ring-gan", "overrides": {"steps": 900, "seed": 3}}), known)


def run(session, run_id, spec, *, parent=None, parent_step=None, step=900):
    row = RunRow(
        id=run_id, name=run_id, spec=spec.model_dump_json(by_alias=True), created_at=0.0, status="finished", attempt=1,
        from_step=parent_step or 0, step=step, steps=spec.steps, parent=parent, parent_step=parent_step, knobs="[]",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return row


def change(session, run_id, name, new, step, *, old="0", request=None, **more):
    row = LedgerRow(
        request_id=request or f"{run_id} {name} {step}", name=name, run=run_id, kind="knob", old=old, new=new,
        step=step, author="ada", asked_at=0.0, asked_position=step, outcome="applied", outcome_position=step,
        attempt=1, **more,
    )  # fmt: skip
    session.add(row)
    session.flush()


def test_what_was_turned_together_is_planned_together(session, spec, known):
    row = run(session, "a", spec)
    change(session, "a", "r1.weight", "0.5", 40, request="x")
    change(session, "a", "optimiser.d.lr", "0.001", 40, request="x")
    change(session, "a", "r1.weight", "2", 60, over=100, shape="cosine")
    change(session, "a", "game.freeze_g", "true", 99, old="false", over=3, shape="pulse")
    plan = replay_of(session, row, known).plan
    assert [(planned.step, planned.author) for planned in plan] == [(40, "ada"), (60, "ada"), (99, "ada")]
    assert plan[0].knobs == {"r1.weight": 0.5, "optimiser.d.lr": 0.001}
    assert plan[1].wishes["r1.weight"].model_dump() == {"to": 2, "over": 100, "shape": "cosine"}
    assert plan[2].wishes["game.freeze_g"].to is True


def test_the_file_gives_the_spec_back_and_it_can_be_launched(session, spec, known):
    row = run(session, "a", spec)
    change(session, "a", "r1.weight", "1e-05", 40)
    repeated = replay_of(session, row, known)
    given = yaml.safe_load(as_yaml(repeated, row))
    assert RunSpec.model_validate(given) == repeated
    assert checked(CreateRun(spec=given), known) == repeated
    assert repeated.plan[0].knobs["r1.weight"] == 1e-05


def test_what_its_rules_did_stands_in_the_plan_and_they_are_left_out(session, spec, known):
    rule = {"name": "on_alarm", "alarm": "collapse", "do": "pause"}
    ruled = checked(CreateRun.model_validate({"recipe": "ring-gan", "overrides": {"rules": [rule]}}), known)
    assert replay_of(session, run(session, "a", ruled), known).rules == []


def test_of_a_plan_that_is_under_way_the_rest_is_kept(session, spec, known):
    planned = [{"step": 40, "knobs": {"r1.weight": 1}}, {"step": 500, "knobs": {"r1.weight": 2}}]
    row = run(session, "a", RunSpec.model_validate({**spec.model_dump(by_alias=True), "plan": planned}), step=100)
    change(session, "a", "r1.weight", "1", 40)
    assert [(each.step, each.knobs) for each in replay_of(session, row, known).plan] == [
        (40, {"r1.weight": 1}),
        (500, {"r1.weight": 2}),
    ]


def test_a_forks_plan_begins_with_its_ancestors_up_to_where_each_was_forked(session, spec, known):
    run(session, "a", spec)
    run(session, "b", spec, parent="a", parent_step=300)
    row = run(session, "c", spec, parent="b", parent_step=600)
    change(session, "a", "r1.weight", "1", 100)
    change(session, "a", "r1.weight", "2", 301)
    change(session, "b", "r1.weight", "1", 290, over=50)  # still on its way at the fork: inherited, and not repeated
    change(session, "b", "r1.weight", "3", 301)
    change(session, "b", "r1.weight", "4", 700)
    change(session, "c", "r1.weight", "5", 601)
    assert [(each.step, each.knobs["r1.weight"]) for each in replay_of(session, row, known).plan] == [
        (100, 1),
        (301, 3),
        (601, 5),
    ]


def test_a_fork_with_other_knobs_is_repeatable_and_one_with_another_seed_is_not(session, spec, known):
    run(session, "a", spec)
    lighter = spec.model_copy(deep=True)
    lighter.regularisers[0].model_extra["weight"] = 0.25
    assert replay_of(session, run(session, "b", lighter, parent="a", parent_step=300), known).seed == 3
    other = run(session, "c", spec.model_copy(update={"seed": 4}), parent="a", parent_step=300)
    with pytest.raises(NotRepeatable, match="run c was forked at step 300 with another seed \\(3 → 4\\)"):
        replay_of(session, other, known)
