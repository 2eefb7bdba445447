"""Regrets against brute force over a grid of fixed opponents, and what they say of the average point."""

import math

import numpy as np
import pytest
import torch

from tests.worker.monitors.toys import dirac_run
from worker import monitors
from worker.monitors._two_numbers import gap

RADIUS = 1.5


def walk(steps, seed=0):
    """Points (θ, ψ) that float32 holds exactly."""
    return np.random.default_rng(seed).integers(-8, 9, (steps, 2)) / 8


def at(run, theta, psi):
    with torch.no_grad():
        run.G.theta.fill_(theta)
        run.D.psi.fill_(psi)


def look_at(points, monitor=None, first=0):
    monitor = monitor or monitors.family.create("regret", {"radius": RADIUS})
    run = dirac_run()
    scalars = {}
    for step, (theta, psi) in enumerate(points, start=first):
        at(run, theta, psi)
        scalars = monitor.measure(run.view(step)).scalars
    return monitor, {name: float(value) for name, value in scalars.items()}


def by_brute_force(points):
    """Losses against the best of 3,001 fixed choices; L = -θ ψ, which G minimises and D maximises."""
    thetas, psis = points.T
    paid = -(thetas * psis)
    choices = np.linspace(-RADIUS, RADIUS, 3001)
    regret_g = paid.sum() - min((-(choice * psis)).sum() for choice in choices)
    regret_d = max((-(thetas * choice)).sum() for choice in choices) - paid.sum()
    return regret_g, regret_d


@pytest.mark.parametrize("seed", range(3))
def test_regret_is_the_loss_against_the_best_fixed_choice(seed):
    points = walk(40, seed)
    _, scalars = look_at(points)
    regret_g, regret_d = by_brute_force(points)
    assert scalars["regret.g"] == pytest.approx(regret_g, rel=1e-12, abs=1e-12)
    assert scalars["regret.d"] == pytest.approx(regret_d, rel=1e-12, abs=1e-12)
    assert scalars["regret.per_round"] == pytest.approx((regret_g + regret_d) / 40, rel=1e-12)


def test_a_player_at_its_best_answer_has_no_regret():
    """ψ is 1 throughout and θ = r is the best answer to it."""
    _, scalars = look_at([(RADIUS, 1.0)] * 10)
    assert scalars["regret.g"] == 0
    assert scalars["regret.d"] == pytest.approx(10 * (RADIUS * RADIUS + RADIUS))


@pytest.mark.parametrize("seed", range(3))
def test_the_gap_of_the_average_point_is_at_most_the_regret_per_round(seed):
    points = walk(25, seed)
    _, scalars = look_at(points)
    theta, psi = (torch.tensor(value) for value in points.mean(0))
    of_average = float(gap(theta, psi, RADIUS))
    assert of_average <= scalars["regret.per_round"] * (1 + 1e-12)
    assert of_average == pytest.approx(scalars["regret.per_round"], rel=1e-12)  # a bilinear game meets the bound


def test_looking_twice_at_a_step_counts_it_once():
    monitor, first = look_at(walk(5))
    _, again = look_at(walk(5)[-1:], monitor, first=4)
    assert again == first


def test_it_goes_on_from_a_checkpoint_and_the_step_of_the_checkpoint_is_not_counted_twice():
    points = walk(20)
    _, straight = look_at(points)
    stopped, _ = look_at(points[:9])
    resumed = monitors.family.create("regret", {"radius": RADIUS})
    resumed.load_state_dict({name: tensor.clone() for name, tensor in stopped.state_dict().items()})
    assert look_at(points[8:], resumed, first=8)[1] == straight


def test_its_state_is_its_own():
    """A tensor handed out, or taken in, does not move with the monitor."""
    monitor, _ = look_at(walk(5))
    saved = monitor.state_dict()
    before = saved["sums"].clone()
    look_at(walk(3, seed=1), monitor, first=5)
    assert torch.equal(saved["sums"], before)


def test_it_cannot_be_told_to_skip_steps():
    assert not monitors.family.find("regret").stretchable
    with pytest.raises(ValueError, match="every"):
        monitors.family.create("regret", {"every": 2})


def test_what_is_no_number_shows():
    _, scalars = look_at([(math.nan, 1.0)])
    assert all(math.isnan(value) for value in scalars.values())
