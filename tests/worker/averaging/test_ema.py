import math

import pytest
import torch

from tests.worker.averaging.moving import follow, go_on, move, player, value_of
from worker import averaging

WALK = [1.0, -2.0, 0.5, 4.0, 3.0]


def ema(**params):
    return averaging.family.create("ema", params)


def by_hand(start, values, betas):
    for value, beta in zip(values, betas, strict=True):
        start = beta * start + (1 - beta) * value
    return start


def test_without_ramp_up_it_is_the_closed_form():
    """w̄ = β⁵ w₀ + (1 - β) Σ β^(5-t) w_t."""
    component, G, D = ema(beta=0.9, rampup=0.0), player(), player()
    move(G, 7.0)
    component.begin(G, D)
    go_on(component, G, D, WALK, first=1)
    closed = 0.9**5 * 7 + 0.1 * sum(0.9 ** (5 - t) * value for t, value in enumerate(WALK, start=1))
    assert value_of(component.sampler(G)) == pytest.approx(closed, rel=1e-6)


def test_ramp_up_bounds_the_half_life_by_a_share_of_the_steps():
    component, G, D = ema(beta=0.7, rampup=0.5), player(), player()
    move(G, 7.0)
    component.begin(G, D)
    go_on(component, G, D, WALK, first=1)
    # Half-lives 0.5, 1, 1.5, 2 and 2.5 steps, until that of 0.7, 1.94 steps, is the shorter one.
    betas = [0.25, 0.5, 0.5 ** (1 / 1.5), 0.7, 0.7]
    assert 0.5 ** (1 / 2) > 0.7
    assert value_of(component.sampler(G)) == pytest.approx(by_hand(7.0, WALK, betas), rel=1e-6)


def test_up_to_the_start_the_average_is_g_and_ramps_up_from_there():
    component = ema(beta=0.9, rampup=0.5, start=3)
    G, D = follow(component, WALK[:3])
    assert value_of(component.sampler(G)) == WALK[2]
    go_on(component, G, D, WALK[3:], first=4)
    assert value_of(component.sampler(G)) == pytest.approx(by_hand(WALK[2], WALK[3:], [0.25, 0.5]), rel=1e-6)


def test_a_beta_turned_mid_run_counts_from_the_next_step():
    component = ema(beta=0.5, rampup=0.0)
    G, D = follow(component, WALK[:1])
    before = value_of(component.sampler(G))
    component.params.beta = 0.9
    go_on(component, G, D, [4.0], first=2)
    assert value_of(component.sampler(G)) == pytest.approx(0.9 * before + 0.1 * 4.0, rel=1e-6)


def test_buffers_are_gs_own():
    component = ema(beta=0.9)
    G, _ = follow(component, WALK)
    for kept, own in zip(component.sampler(G).buffers(), G.buffers(), strict=True):
        assert torch.equal(kept, own)


def test_samples_can_come_from_g_while_the_average_goes_on():
    component = ema(beta=0.5, rampup=0.0, sample=False)
    G, D = follow(component, [2.0])
    assert component.sampler(G) is G
    component.params.sample = True
    assert value_of(component.sampler(G)) != value_of(G)
    assert component.averaged(D) is D


def test_half_life_of_the_default_is_what_its_help_says():
    assert math.log(0.5) / math.log(ema().params.beta) == pytest.approx(693, abs=1)
