"""The list of runs as a table wants it: pictures, one line a run, alarms, turned knobs, lineage; in one answer."""

import pytest
from sqlalchemy import event

from api.store import overviews, runs
from api.store.overviews import is_by_hand
from contract.events import (
    AlarmCleared,
    AlarmRaised,
    GuardState,
    KnobApplied,
    KnobAsked,
    KnobRequest,
    Points,
    RunStatus,
    SeriesInfo,
)
from contract.overview import RunList

pytestmark = [pytest.mark.stack, pytest.mark.databases("sqlite", "postgresql")]

POINTS = Points(series="points", generated=[[0.0, 0.0]], real=[[1.0, 1.0]], extent=[0.0, 1.0, 0.0, 1.0])


def overview(stack, run, sparkline=60):
    found = RunList.model_validate(stack.get("/runs", sparkline=sparkline))
    return found.overviews[run]


def measure(stack, *names):
    """A run that says that it measures these, and the puppet that trains it."""
    run, trainer = stack.training()
    infos = [SeriesInfo(name=name, unit="u") for name in names]
    trainer.say(RunStatus(status="running", from_step=0, series=infos), 0)
    return run.id, trainer


def test_without_asking_nothing_is_told_besides(server):
    server.create()
    assert RunList.model_validate(server.get("/runs")).overviews == {}
    assert server.http.get("/runs", params={"sparkline": 241}).status_code == 422


def test_the_key_series_is_the_modes_else_an_accuracy_else_coverage_else_the_loss(stack):
    wanted = {
        "modes.captured": ("loss.d", "coverage.recall", "samples.hair.accuracy", "modes.captured"),
        "samples.hair.accuracy": ("loss.d", "coverage.recall", "samples.hair.accuracy", "samples.eyes.accuracy"),
        "coverage.recall": ("loss.d", "coverage.recall"),
        "loss.d": ("loss.g", "loss.d"),
    }
    runs = {name: measure(stack, *names) for name, names in wanted.items()}
    silent, _ = stack.training()
    stack.recorded(runs["loss.d"][1].scalars([1], loss__d=[2.5]))
    lines = {run: seen.sparkline for run, seen in RunList(**stack.get("/runs", sparkline=60)).overviews.items()}
    assert {name: lines[run].name for name, (run, _) in runs.items()} == {name: name for name in wanted}
    assert (lines[runs["loss.d"][0]].last, lines[runs["loss.d"][0]].unit) == ([2.5], "u")
    assert lines[silent.id] is None


@pytest.mark.parametrize("has_ended", [False, True])
def test_a_line_has_few_buckets_with_every_extreme_and_nan_in_them(stack, until, has_ended):
    run, trainer = measure(stack, "loss.d")
    values = [float(step % 97) for step in range(1, 5001)]
    values[2345], values[3456] = float("nan"), -1000.0
    for start in range(0, 5000, 500):
        last = trainer.scalars(list(range(start + 1, start + 501)), loss__d=values[start : start + 500])
    if has_ended:
        last = trainer.say(RunStatus(status="finished"), 5000)
    stack.recorded(last)
    line = overview(stack, run).sparkline
    assert line.bucket_steps == 128  # 5,001 / 60 = 83.4: the next power of two
    assert line.steps == [128 * index for index in range(40)]
    assert (min(line.min), max(line.max), line.last[-1], sum(line.nonfinite)) == (-1000.0, 96.0, 5000 % 97, 1)
    assert line.nonfinite.index(1) == 2346 // 128


def test_a_short_line_is_exact(stack):
    run, trainer = measure(stack, "modes.captured")
    trainer.scalars([50, 100], modes__captured=[3.0, 5.0])
    stack.recorded(trainer.say(RunStatus(status="finished"), 100))
    line = overview(stack, run).sparkline
    assert (line.bucket_steps, line.steps, line.last) == (1, [50, 100], [3.0, 5.0])


def test_alarms_that_hold_are_told_with_their_step_and_what_each_guard_can_say(stack):
    run, trainer = measure(stack)
    trainer.say(GuardState(guard="collapse", state="calibrating"), 10)
    trainer.say(GuardState(guard="collapse", state="watching"), 20)
    trainer.say(GuardState(guard="d_wins", state="off", reason="broke"), 20)
    trainer.say(AlarmRaised(guard="collapse", message="first"), 30)
    trainer.say(AlarmRaised(guard="divergence", message="gone"), 40)
    trainer.say(AlarmCleared(guard="divergence", message="well"), 50)
    stack.recorded(trainer.say(AlarmRaised(guard="collapse", message="again"), 60))
    seen = overview(stack, run)
    assert [(alarm.guard, alarm.step, alarm.message) for alarm in seen.alarms] == [("collapse", 60, "again")]
    assert seen.guards == {"collapse": "watching", "d_wins": "off"}


def turn(trainer, request, author, step, value):
    knobs = [KnobRequest(name="r1.weight", value=value, old=1.0)]
    trainer.say(KnobAsked(request_id=request, author=author, knobs=knobs), step)
    return trainer.say(KnobApplied(request_id=request, knobs=knobs), step)


def test_knobs_that_people_turned_are_counted_and_plans_and_rules_are_not(stack):
    run, trainer = measure(stack)
    turn(trainer, "a", "page", 5, 2.0)
    turn(trainer, "b", "rule calm", 6, 3.0)
    turn(trainer, "c", "plan", 7, 4.0)
    knobs = [KnobRequest(name="r1.weight", value=9.0)]
    trainer.say(KnobAsked(request_id="d", author="a script", knobs=knobs), 8)
    stack.recorded(trainer.say(KnobAsked(request_id="e", author="rule calm", knobs=knobs), 8))
    seen = overview(stack, run)
    assert (seen.n_turned, seen.by_hand) == (1, ["d"])
    assert [(knob.name, knob.old, knob.new, knob.step) for knob in seen.turned] == [("r1.weight", 1.0, 2.0, 5)]
    assert [is_by_hand(author) for author in ("ruler", "planner", "plan", "rule x")] == [True, True, False, False]


def test_only_the_newest_turns_are_listed_and_all_are_counted(stack):
    run, trainer = measure(stack)
    for step in range(15):
        last = turn(trainer, f"r{step}", "page", step, float(step))
    stack.recorded(last)
    seen = overview(stack, run)
    assert (seen.n_turned, [knob.step for knob in seen.turned]) == (15, list(range(3, 15)))


def test_the_picture_is_the_last_one(stack):
    run, trainer = measure(stack, "points")
    trainer.say(POINTS, 5)
    stack.recorded(trainer.say(POINTS, 9))
    assert overview(stack, run).picture.model_dump() == {"series": "points", "kind": "points", "step": 9}


def test_a_fork_names_the_run_that_its_lineage_begins_with(stack):
    first, second, third = (stack.create(name=name).id for name in ("the first", "b", "c"))
    with stack.database.write() as session:
        runs.find(session, second).parent = first
        runs.find(session, third).parent = second
    for run in (first, second, third):
        seen = overview(stack, run)
        assert (seen.root, seen.root_name) == (first, "the first")


def questions(stack):
    """How many statements the overviews of all runs take, and of how many runs they are."""
    asked = []
    with stack.database.read() as session:
        event.listen(session.connection(), "before_cursor_execute", lambda *more: asked.append(more[2]))
        rows, _ = runs.page(session, statuses=(), sweep=None, after=None, limit=100)
        asked.clear()
        overviews.of(session, rows, 60)
    return len(asked), len(rows)


def test_more_runs_take_no_more_questions(stack):
    counted = []
    for n_more in (2, 5):
        for number in range(n_more):
            _, trainer = measure(stack, "loss.d")
            stack.recorded(trainer.scalars([1], loss__d=[float(number)]))
        counted.append(questions(stack))
    assert [n_runs for _, n_runs in counted] == [2, 7]
    assert counted[0][0] == counted[1][0]
