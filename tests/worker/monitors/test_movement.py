import math

import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import toy_run
from worker import monitors


class Weights(nn.Module):
    """Two parameters, so that the path is over all of them."""

    def __init__(self, *values):
        super().__init__()
        self.first = nn.Parameter(torch.tensor(values[:1]))
        self.rest = nn.Parameter(torch.tensor(values[1:]))

    def set(self, *values):
        with torch.no_grad():
            self.first.copy_(torch.tensor(values[:1]))
            self.rest.copy_(torch.tensor(values[1:]))


@pytest.fixture
def run():
    run = toy_run((2,))
    run.G, run.D = Weights(3.0, 4.0, 0.0), Weights(1.0, 0.0)
    return run


def look(monitor, run, step):
    return {name: float(value) for name, value in monitor.measure(run.view(step)).scalars.items()}


def a_monitor():
    return monitors.family.create("movement", {})


def test_rates_and_turns_by_hand(run):
    """G: (3, 4, 0) → +(0, 0, 1) in 10 steps → +(0, 2, 2) in 20; D: 1 → a circle's two quarters."""
    monitor = a_monitor()
    first = look(monitor, run, 0)
    assert set(first) == {"movement.rate.g", "movement.rate.d", "movement.turn.g", "movement.turn.d"}
    assert all(math.isnan(value) for value in first.values())
    run.G.set(3.0, 4.0, 1.0)
    run.D.set(0.0, 1.0)
    second = look(monitor, run, 10)
    assert second["movement.rate.g"] == pytest.approx(1 / 5 / 10, rel=1e-12)
    assert second["movement.rate.d"] == pytest.approx(math.sqrt(2) / 10, rel=1e-12)
    assert math.isnan(second["movement.turn.g"])
    run.G.set(3.0, 6.0, 3.0)
    run.D.set(-1.0, 0.0)
    third = look(monitor, run, 30)
    assert third["movement.rate.g"] == pytest.approx(math.sqrt(8) / math.sqrt(26) / 20, rel=1e-12)
    assert third["movement.turn.g"] == pytest.approx(1 / math.sqrt(2), rel=1e-12)
    assert third["movement.turn.d"] == pytest.approx(0, abs=1e-12)
    run.G.set(3.0, 4.0, 1.0)
    assert look(monitor, run, 31)["movement.turn.g"] == pytest.approx(-1, rel=1e-12)


def test_second_look_at_a_step_says_what_the_first_said(run):
    monitor = a_monitor()
    look(monitor, run, 0)
    run.G.set(3.0, 4.0, 1.0)
    once = look(monitor, run, 5)
    assert look(monitor, run, 5)["movement.rate.g"] == once["movement.rate.g"] == pytest.approx(1 / 25)
    run.G.set(3.0, 4.0, 2.0)
    assert look(monitor, run, 10)["movement.turn.g"] == pytest.approx(1, rel=1e-12)


def test_player_that_stands_still_has_a_rate_of_0_and_no_direction(run):
    monitor = a_monitor()
    look(monitor, run, 0)
    look(monitor, run, 1)
    found = look(monitor, run, 2)
    assert found["movement.rate.g"] == 0
    assert math.isnan(found["movement.turn.g"])


@pytest.mark.parametrize("interrupted_after", [0, 1, 2, 3])
def test_resumed_monitor_goes_on_as_if_nothing_had_been(run, interrupted_after):
    places = [(3.0, 4.0, 0.0), (3.0, 4.0, 1.0), (3.0, 6.0, 3.0), (2.0, 6.0, 3.0)]

    def looks(interruption):
        monitor, found = a_monitor(), []
        for step, place in enumerate(places):
            if step == interruption:
                kept = {name: value.detach().to("cpu", copy=True) for name, value in monitor.state_dict().items()}
                monitor = a_monitor()
                monitor.load_state_dict(kept)
            run.G.set(*place)
            found.append(look(monitor, run, 5 * step))
        return found

    assert str(looks(interrupted_after)) == str(looks(None)), "as text: NaN is not equal to itself"


def test_what_it_keeps_is_a_copy(run):
    """In-place updates, as optimisers make them, must not move the place that it came from."""
    monitor = a_monitor()
    look(monitor, run, 0)
    with torch.no_grad():
        run.D.first.add_(1.0)
    assert look(monitor, run, 1)["movement.rate.d"] == 1


def test_weights_that_are_not_finite_show(run):
    monitor = a_monitor()
    look(monitor, run, 0)
    run.G.set(math.nan, 4.0, 0.0)
    assert math.isnan(look(monitor, run, 1)["movement.rate.g"])


def test_its_interval_is_never_stretched():
    assert monitors.family.find("movement").stretchable is False
