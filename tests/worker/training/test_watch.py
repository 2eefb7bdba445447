"""Monitors: when they look, what happens when they break, and that a look leaves nothing behind."""

from hashlib import sha256

import pytest
import torch
from torch import nn

from contract.events import CommandAsked, MonitorDisabled, MonitorStretched, RunStatus
from contract.jobs import CheckpointRef, Resume
from worker.monitors import Measurement, Monitor, MonitorParams
from worker.training.knob_board import KnobBoard
from worker.training.undisturbed import Disturbed, undisturbed
from worker.training.watch import Watch


def test_a_monitor_looks_at_the_first_the_last_and_every_so_many_steps(bench, points):
    run = bench.run({**points, "steps": 11, "monitors": [{"name": "nosy", "every": 4}]})
    assert sorted(run.reporter.series("nosy.value")) == [0, 4, 8, 11]


def test_the_same_look_gives_the_same_number(bench, points):
    spec = {**points, "monitors": [{"name": "nosy"}]}
    assert bench.run(spec).reporter.series("nosy.value") == bench.run(spec).reporter.series("nosy.value")


def test_a_monitor_that_fails_is_off_and_says_so_and_the_run_goes_on(bench, points):
    run = bench.run({**points, "monitors": [{"name": "nosy", "fail_at": 3}]})
    [(step, disabled)] = run.reporter.bodies(MonitorDisabled)
    assert (step, disabled.reason) == (3, "ValueError: no look today")
    assert "measure" in disabled.traceback
    assert max(run.reporter.series("nosy.value")) == 2
    assert run.reporter.bodies(RunStatus)[-1][1].status == "finished"


def test_a_run_that_wants_fid_without_its_weights_says_at_once_what_to_do_and_goes_on(bench, images, monkeypatch):
    monkeypatch.delenv("MODESCOPE_INCEPTION", raising=False)
    run = bench.run({**images, "monitors": [{"name": "frechet", "extractor": "inception", "n": 10}]})
    [(step, disabled)] = run.reporter.bodies(MonitorDisabled)
    assert step == 0
    assert "MODESCOPE_INCEPTION names no file. Fetch https://" in disabled.reason
    assert run.reporter.bodies(RunStatus)[-1][1].status == "finished"


def test_a_monitor_that_disturbs_the_run_is_found_out(bench, points):
    run = bench.run({**points, "monitors": [{"name": "nosy", "disturb_at": 3}]})
    [(step, disabled)] = run.reporter.bodies(MonitorDisabled)
    assert step == 3
    assert "Disturbed" in disabled.reason


class Slow(Monitor):
    """Takes as long as it is told."""

    series = ()

    def measure(self, view):
        self.clock.now += self.takes_s
        return Measurement()


def test_the_dearest_monitor_is_stretched_until_all_fit_the_budget(bench, points, monkeypatch):
    class Clock:
        now = 0.0

    monkeypatch.setattr("worker.training.watch.time.perf_counter", lambda: Clock.now)
    attempt = bench.attempt({**points, "watching": {"budget": 0.2}})
    cheap, dear = (Slow(MonitorParams(every=10), name) for name in ("cheap", "dear"))
    for monitor, takes_s in ((cheap, 0.001), (dear, 0.1)):
        monitor.clock, monitor.takes_s = Clock, takes_s
    watch = Watch(attempt._game, [cheap, dear], attempt.reporter)
    for step in range(0, 5001, 10):
        watch.look(step, 0.01)
    stretched = [body for _, body in attempt.reporter.bodies(MonitorStretched)]
    # 0.1 s every n steps of 0.01 s is a share of 10 / n; with 0.01 for the cheap one it must be ≤ 0.2: n ≥ 52.6.
    assert [(body.monitor, body.every) for body in stretched] == [("dear", 20), ("dear", 40), ("dear", 80)]
    assert stretched[-1].cost_share == pytest.approx(10 / 80 + 0.01)


def test_one_look_that_took_long_stretches_nothing(bench, points, monkeypatch):
    watch, monitor, said = alone(bench, points, monkeypatch)
    for step in range(0, 1001, 10):
        monitor.takes_s = 5.0 if step in (10, 500) else 0.001
        watch.look(step, 0.01)
    assert said() == []


def test_a_monitor_that_was_stretched_looks_more_often_when_there_is_room_again(bench, points, monkeypatch):
    watch, monitor, said = alone(bench, points, monkeypatch)
    for step in range(0, 10_001, 10):
        monitor.takes_s = 0.1 if step < 1000 else 0.001
        watch.look(step, 0.01)
    # Nothing is said of 0.1 s every 80 steps, 12.5 %, though the budget is 20: at 40 it would take 25.
    assert said() == [20, 40, 80, 40, 20, 10]


def test_the_budget_is_a_knob_that_is_obeyed_while_the_run_goes_on(bench, points, monkeypatch):
    watch, monitor, said = alone(bench, points, monkeypatch)
    monitor.takes_s = 0.01
    for step in range(0, 2001, 10):
        if step == 1000:
            KnobBoard(monitor.game).set({"watching.budget": 0.03})
        if step == 1500:
            KnobBoard(monitor.game).set({"watching.budget": 1.0})
        watch.look(step, 0.01)
    assert said() == [20, 40, 20, 10]


def alone(bench, points, monkeypatch):
    """One monitor, that looks every 10 steps, its watch, and the intervals that were said."""

    class Clock:
        now = 0.0

    monkeypatch.setattr("worker.training.watch.time.perf_counter", lambda: Clock.now)
    attempt = bench.attempt({**points, "watching": {"budget": 0.2}})
    monitor = Slow(MonitorParams(every=10), "slow")
    monitor.clock = Clock
    watch = Watch(attempt._game, [monitor], attempt.reporter)
    monitor.game = attempt._game
    return watch, monitor, lambda: [body.every for _, body in attempt.reporter.bodies(MonitorStretched)]


def net():
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1))


def test_undisturbed_puts_back_modes_buffers_grads_and_randomness():
    torch.manual_seed(3)
    module = net().train()
    module(torch.randn(8, 3)).sum().backward()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    grads = [parameter.grad for parameter in module.parameters()]
    random = torch.get_rng_state()
    with undisturbed([module]):
        module(torch.randn(8, 3))
        module.eval()
        module.requires_grad_(False)
        module.zero_grad(set_to_none=True)
    assert module.training
    assert all(torch.equal(before[name], value) for name, value in module.state_dict().items())
    assert all(p.grad is grad and p.requires_grad for p, grad in zip(module.parameters(), grads, strict=True))
    assert torch.equal(torch.get_rng_state(), random)


@pytest.mark.parametrize("change", ["weight", "gradient"])
def test_undisturbed_finds_what_it_cannot_put_back(change):
    module = net()
    module(torch.randn(8, 3)).sum().backward()
    weight = module[0].weight
    with pytest.raises(Disturbed), undisturbed([module]), torch.no_grad():
        (weight if change == "weight" else weight.grad).add_(1)


def test_a_monitor_that_sums_over_steps_is_never_stretched_and_costs_the_others_nothing(bench, points, monkeypatch):
    class Clock:
        now = 0.0

    class Summing(Slow):
        stretchable = False

    monkeypatch.setattr("worker.training.watch.time.perf_counter", lambda: Clock.now)
    attempt = bench.attempt({**points, "watching": {"budget": 0.2}})
    summing, cheap = Summing(MonitorParams(every=1), "summing"), Slow(MonitorParams(every=10), "cheap")
    for monitor in (summing, cheap):
        monitor.clock, monitor.takes_s = Clock, 0.01
    watch = Watch(attempt._game, [summing, cheap], attempt.reporter)
    for step in range(200):
        watch.look(step, 0.01)
    assert len(attempt.reporter.series("cost.summing")) == 200
    assert attempt.reporter.bodies(MonitorStretched) == []


def dirac(**more):
    sgd = {"name": "sgd", "lr": 0.1}
    game = {"dataset": {"name": "origin"}, "network": {"name": "dirac"}, "loss": {"name": "wasserstein"}}
    return {**game, "optimisers": {"G": sgd, "D": sgd}, "steps": 12, "batch": 1, **more}


WATCHED = {"averaging": {"name": "uniform"}, "monitors": [{"name": "regret"}, {"name": "duality_gap", "every": 1}]}


def test_the_gap_of_the_average_that_a_run_keeps_is_at_most_its_regret_per_round(bench):
    reporter = bench.run(dirac(**WATCHED)).reporter
    gaps, bounds = reporter.series("duality_gap.average"), reporter.series("regret.per_round")
    assert list(gaps) == list(range(13))
    # The average is float32 when it is looked at: 6e-8 of numbers up to 1.5.
    assert all(gaps[step] <= bounds[step] + 3e-7 for step in gaps)
    assert bounds == pytest.approx(gaps, abs=3e-7)
    assert reporter.series("duality_gap.last")[12] > gaps[12]


def test_regret_and_averages_go_on_over_a_stop_as_if_there_had_been_none(bench):
    straight = bench.run(dirac(**WATCHED)).reporter
    bench.store.clear()
    bench.run(dirac(**WATCHED), at={5: [CommandAsked(request_id="c", author="test", command="stop")]})
    [(name, content)] = bench.store.items()
    refs = [CheckpointRef(step=5, name=name, sha256=sha256(content).hexdigest())]
    resumed = bench.run(dirac(**WATCHED), resume=Resume(checkpoints=refs), number=2).reporter
    for series in ("regret.g", "regret.d", "regret.per_round", "duality_gap.average"):
        after = resumed.series(series)
        assert min(after) == 6
        assert after == {step: value for step, value in straight.series(series).items() if step > 5}
