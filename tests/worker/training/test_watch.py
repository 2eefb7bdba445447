"""Monitors: when they look, what happens when they break, and that a look leaves nothing behind."""

import pytest
import torch
from torch import nn

from contract.events import MonitorDisabled, MonitorStretched, RunStatus
from worker.monitors import Measurement, Monitor, MonitorParams
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
    attempt = bench.attempt(points)
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
