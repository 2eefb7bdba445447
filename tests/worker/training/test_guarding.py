"""Guards in a run: when they look, what they see, what happens when one breaks, and alarms across a stop."""

import math
from hashlib import sha256

import pytest
import torch

from contract.components import SeriesDescription
from contract.events import AlarmCleared, AlarmRaised, CommandAsked, GuardState, Log, MonitorStretched, RunStatus
from contract.jobs import CheckpointRef, Resume
from worker import guards
from worker.guards import Clear, Finding, Guard, GuardParams
from worker.monitors import Measurement, Monitor, MonitorParams
from worker.training.guarding import Guarding
from worker.training.watch import Watch


class Told(Guard):
    """Finds something whenever the test says so."""

    title = "Told (tests)"

    def __init__(self, script, *, reads=("x",), name="told", combines=False, **params):
        super().__init__(GuardParams(**params), name)
        self.script, self.patterns, self.seen = script, reads, []
        self.combines = combines

    def reads(self):
        return self.patterns

    def judge(self, look):
        self.seen.append(look)
        answer = self.script.get(look.step)
        if answer is None:
            return None
        return Finding(f"wrong at {look.step}", {"x": float(look.step)}) if answer else Clear(f"well at {look.step}")


def said(reporter):
    return [(step, body.kind) for step, body in reporter.said if isinstance(body, AlarmRaised | AlarmCleared)]


@pytest.fixture
def attempt(bench, points):
    return bench.attempt({**points, "watching": {"budget": 0.2}})


def looked(attempt, told, steps, report=None):
    guarding = Guarding([told], attempt._game.readings, attempt.reporter)
    for step in range(1, steps + 1):
        guarding.look(step, report or {"x": torch.tensor(1.0)})


def test_a_guard_looks_every_so_many_steps_and_sees_what_it_reads_as_floats(attempt):
    told = Told({}, every=5)
    looked(attempt, told, 14, {"x": torch.tensor(2.5), "y": 3.0})
    assert [look.step for look in told.seen] == [5, 10]
    assert told.seen[0].values == {"x": 2.5}
    assert isinstance(told.seen[0].values["x"], float)


def test_nothing_is_fetched_in_a_step_without_a_look(attempt, monkeypatch):
    fetches = []
    monkeypatch.setattr(
        "worker.training.guarding.fetch", lambda values: fetches.append(len(values)) or [0.0] * len(values)
    )
    both = [Told({}, every=5), Told({}, every=10, name="other")]
    guarding = Guarding(both, attempt._game.readings, attempt.reporter)
    for step in range(1, 21):
        guarding.look(step, {"x": torch.tensor(1.0)})
    assert fetches == [1, 1, 1, 1]


def test_patience_counts_looks_in_a_row_both_ways_and_no_answer_breaks_no_row(attempt):
    script = {1: True, 2: False, 3: True, 5: True, 6: False, 7: True, 8: False, 10: False}
    looked(attempt, Told(script, every=1, patience=2), 12)
    assert said(attempt.reporter) == [(5, "alarm.raised"), (10, "alarm.cleared")]


def test_an_alarm_is_not_raised_again_while_it_cools_down(attempt):
    script = {1: True, 2: False, 3: True, 4: True, 5: True, 6: True}
    looked(attempt, Told(script, every=1, patience=1, cool_down=4), 8)
    assert said(attempt.reporter) == [(1, "alarm.raised"), (2, "alarm.cleared"), (6, "alarm.raised")]


def test_an_alarm_that_is_raised_is_not_said_again(attempt):
    looked(attempt, Told(dict.fromkeys(range(1, 9), True), every=1, patience=1), 8)
    assert said(attempt.reporter) == [(1, "alarm.raised")]


class Failing(Told):
    def judge(self, look):
        if look.step == 3:
            raise ValueError("no number today")
        return super().judge(look)


def test_a_guard_that_fails_is_off_and_says_so_and_the_others_look_on(attempt):
    failing = Failing({1: True}, every=1, patience=1, name="failing")
    told = Told({5: True}, every=1, patience=1)
    guarding = Guarding([failing, told], attempt._game.readings, attempt.reporter)
    for step in range(1, 7):
        guarding.look(step, {"x": 1.0})
    [(step, log)] = attempt.reporter.bodies(Log)
    assert (step, log.level) == (3, "error")
    assert "guard failing failed and is off: ValueError: no number today" in log.message
    assert len(failing.seen) == 2
    assert said(attempt.reporter) == [(1, "alarm.raised"), (5, "alarm.raised")]


def test_what_a_broken_guard_found_has_no_vote(attempt):
    failing = Failing({1: True}, every=1, patience=1, name="failing")
    combining = Told({}, every=1, reads=(), name="both", combines=True)
    guarding = Guarding([combining, failing], attempt._game.readings, attempt.reporter)
    for step in range(1, 5):
        guarding.look(step, {"x": 1.0})
    assert [len(look.active) for look in combining.seen] == [1, 1, 0, 0]


def test_a_monitors_number_is_seen_once_and_only_while_it_is_new(attempt):
    told, readings = Told({}, every=10, reads=("modes.*",)), attempt._game.readings
    seldom = Told({}, every=50, reads=("modes.*",), name="seldom")
    guarding = Guarding([told, seldom], readings, attempt.reporter)
    for step in range(1, 51):
        if step in (5, 20):
            readings.note(step, "modes", {"modes.captured": torch.tensor(float(step))})
        guarding.look(step, {})
    assert [look.values for look in told.seen] == [{"modes.captured": 5.0}, {"modes.captured": 20.0}, {}, {}, {}]
    assert [look.values for look in seldom.seen] == [{"modes.captured": 20.0}]


def test_a_stretched_monitors_series_is_missing_and_that_is_said_once(attempt):
    told, readings = Told({}, every=10, reads=("modes.*",)), attempt._game.readings
    guarding = Guarding([told], readings, attempt.reporter)
    for step in range(1, 41):
        if step % 10 == 0:
            readings.note(step, "modes", {"modes.captured": 3.0, "modes.reverse_kl": 1.0})
        if step == 15:
            readings.unread["modes"] = "its monitor modes looks less often"
        guarding.look(step, {})
    assert [len(look.values) for look in told.seen] == [2, 0, 0, 0]
    [(step, log)] = attempt.reporter.bodies(Log)
    assert (step, log.level) == (20, "warning")
    assert "its monitor modes looks less often" in log.message


class Slow(Monitor):
    """Takes as long as it is told, and gives one number."""

    def measure(self, view):
        self.clock.now += self.takes_s
        return Measurement(scalars={f"{self.entry}.x": 1.0})


def watch_of(attempt, monkeypatch, read_takes_s, other_takes_s):
    class Clock:
        now = 0.0

    monkeypatch.setattr("worker.training.watch.time.perf_counter", lambda: Clock.now)
    monitors = [Slow(MonitorParams(every=10), name) for name in ("read", "other")]
    for monitor, takes_s in zip(monitors, (read_takes_s, other_takes_s), strict=True):
        monitor.clock, monitor.takes_s = Clock, takes_s
        monitor.series = (SeriesDescription(name=f"{monitor.entry}.x"),)
    attempt._game.guards.append(Told({}, reads=("read.*",)))
    watch = Watch(attempt._game, monitors, attempt.reporter)
    for step in range(0, 3001, 10):
        watch.look(step, 0.01)
    return [body.monitor for _, body in attempt.reporter.bodies(MonitorStretched)]


def test_a_monitor_that_a_guard_reads_is_stretched_after_all_others(attempt, monkeypatch):
    """Shares of 0.14 and 0.1 of a budget of 0.2: the cheaper one gives way, since nobody reads it."""
    assert watch_of(attempt, monkeypatch, 0.014, 0.01) == ["other"]
    assert attempt._game.readings.unread.keys() == {"other"}
    assert attempt._game.readings.newest.keys() == {"read.x"}


def test_one_that_takes_too_much_by_itself_is_stretched_and_kept_from_the_guards(attempt, monkeypatch):
    assert set(watch_of(attempt, monkeypatch, 0.05, 0.001)) == {"read"}
    assert "looks less often" in attempt._game.readings.unread["read"]


def test_a_guard_whose_series_the_run_does_not_have_says_so_at_the_start(bench, points):
    spec = {**points, "guards": [{"name": "sharpening"}, {"name": "divergence"}]}
    said = bench.run(spec).reporter.bodies(GuardState)
    assert [(step, body.guard, body.state) for step, body in said if step == 0] == [
        (0, "sharpening", "idle"),
        (0, "divergence", "calibrating"),
    ]
    assert said[0][1].reason == "no monitor of this run measures hessian.g.top"


def test_a_combining_guard_alone_watches_nothing_and_says_so(bench, points):
    [(_, body)] = bench.run({**points, "guards": [{"name": "collapse"}]}).reporter.bodies(GuardState)
    assert (body.state, body.reason) == ("idle", "there is no other guard to combine")


def test_a_guard_says_when_it_has_given_its_first_verdict_and_says_it_once(bench, points):
    guard = {"name": "d_wins", "every": 10, "warmup": 20, "window": 2}
    said = bench.run({**points, "steps": 100, "guards": [guard]}).reporter.bodies(GuardState)
    assert [(body.guard, body.state) for _, body in said] == [("d_wins", "calibrating"), ("d_wins", "watching")]
    assert said[1][0] > 20


def test_a_guard_whose_only_monitor_is_kept_from_it_watches_no_more_and_says_so(bench, points):
    attempt = bench.attempt({**points, "guards": []})
    guarding = Guarding([Told({}, reads=("read.*",), every=10)], attempt._game.readings, attempt.reporter)
    guarding.announce(0, ["read.x"])
    attempt._game.readings.note(10, "read", {"read.x": 1.0})
    guarding.look(10, {})
    attempt._game.readings.unread["read"] = "its monitor read failed and is off"
    guarding.look(20, {})
    guarding.look(30, {})
    said = [(step, body.state, body.reason) for step, body in attempt.reporter.bodies(GuardState)]
    assert said[0] == (0, "calibrating", "")
    assert said[-1] == (20, "idle", "its monitor read failed and is off")
    assert [state for _, state, _ in said].count("idle") == 1


# A critic without a bound, at a huge rate: losses and gradients run off, and end as NaN.
EXPLODING = {
    "steps": 60,
    "loss": {"name": "wasserstein"},
    "optimisers": {"G": {"name": "sgd", "lr": 0.5}, "D": {"name": "sgd", "lr": 0.5}},
    "monitors": [{"name": "gradient_norms", "every": 5}],
    "guards": [
        {"name": "non_finite", "every": 5},
        {"name": "divergence", "every": 5, "warmup": 0, "window": 2},
    ],
}
# Guards that jump at every small thing: many alarms in a few steps.
JUMPY = {"every": 5, "warmup": 0, "window": 2, "patience": 1, "cool_down": 0}
RESTLESS = {
    "steps": 90,
    "optimisers": {"G": {"name": "adam", "lr": 0.02}, "D": {"name": "adam", "lr": 0.02}},
    "monitors": [{"name": "gradient_norms", "every": 7}, {"name": "diversity", "every": 3}],
    "guards": [
        {"name": "collapse", "every": 5, "enough": 1, "cool_down": 0},
        {"name": "divergence", **JUMPY, "factor": 1.01},
        {"name": "diversity_loss", **JUMPY, "share": 0.99, "least": 0},
        {"name": "d_wins", **JUMPY, "share": 0.9, "factor": 1.1},
    ],
}


def alarms(reporter, after=0):
    events = [(step, body) for step, body in reporter.said if isinstance(body, AlarmRaised | AlarmCleared)]
    return [(step, body.kind, repr(body.model_dump())) for step, body in events if step > after]


def test_a_real_run_that_goes_wrong_raises_alarms_and_ends_well(bench, points):
    run = bench.run({**points, **EXPLODING})
    raised = {body.guard for _, body in run.reporter.bodies(AlarmRaised)}
    assert {"non_finite", "divergence"} <= raised
    body = next(body for _, body in run.reporter.bodies(AlarmRaised) if body.guard == "non_finite")
    assert any(not math.isfinite(number) for number in body.evidence.values())
    assert run.reporter.bodies(RunStatus)[-1][1].status == "finished"
    assert sorted(run.reporter.series("cost.guards")) == list(range(5, 61, 5))


def test_guards_change_nothing(bench, points, state, assert_same):
    guarded = bench.run({**points, **RESTLESS})
    assert len(alarms(guarded.reporter)) > 5
    assert_same(state(bench.run({**points, **RESTLESS, "guards": []})), state(guarded))


@pytest.mark.parametrize("stop", [8, 10, 23, 38])
def test_alarms_go_on_over_a_stop_as_if_there_had_been_none(bench, points, stop):
    """Also where the monitors have measured since the guards' last look: their numbers are in the checkpoint."""
    spec = {**points, **RESTLESS, "watching": {"budget": 10}}  # what is stretched depends on the clock
    straight = bench.run(spec).reporter
    bench.store.clear()
    stopped = bench.run(spec, at={stop: [CommandAsked(request_id="c", author="test", command="stop")]}).reporter
    [(name, content)] = bench.store.items()
    refs = [CheckpointRef(step=stop, name=name, sha256=sha256(content).hexdigest())]
    resumed = bench.run(spec, resume=Resume(checkpoints=refs), number=2).reporter
    assert alarms(stopped) + alarms(resumed) == alarms(straight)
    assert len(alarms(straight, after=stop)) > 5


def test_every_guard_that_is_on_by_default_is_one_that_can_watch_without_dear_monitors():
    on = {name for name in guards.family.names if guards.family.find(name).default}
    assert on == set(guards.family.names) - {"sharpening", "spectral_collapse"}
