import pytest
import torch

from tests.worker.averaging.moving import follow, go_on, move, player, value_of
from worker import averaging

WALK = [1.0, -2.0, 0.5, 4.0, 3.0]


def uniform(**params):
    return averaging.family.create("uniform", params)


def test_it_is_the_mean_of_all_iterates_of_both_players_the_first_included():
    component, G, D = uniform(), player(), player()
    move(G, 7.0)
    move(D, -7.0)
    component.begin(G, D)
    go_on(component, G, D, WALK, first=1)
    mean = (7 + sum(WALK)) / 6
    assert value_of(component.sampler(G)) == pytest.approx(mean, rel=1e-6)
    assert value_of(component.averaged(D)) == pytest.approx(-mean, rel=1e-6)


def test_from_a_start_it_is_the_mean_of_what_came_from_there():
    component = uniform(start=3)
    G, D = follow(component, WALK[:3])
    assert value_of(component.sampler(G)) == 0.5
    go_on(component, G, D, WALK[3:], first=4)
    assert value_of(component.sampler(G)) == pytest.approx((0.5 + 4 + 3) / 3, rel=1e-6)


def test_a_start_moved_beyond_the_step_begins_anew_there():
    component = uniform()
    G, D = follow(component, WALK)
    component.params.start = 7
    go_on(component, G, D, [5.0, 6.0, 8.0], first=6)
    assert value_of(component.sampler(G)) == pytest.approx((6 + 8) / 2)


def test_what_was_no_number_is_forgotten_when_it_begins_anew():
    component = uniform(start=1)
    G, _ = follow(component, [float("nan")])
    assert all(parameter.isnan().all() for parameter in component.sampler(G).parameters())
    component.params.start = 2
    go_on(component, G, player(), [3.0], first=2)
    assert value_of(component.sampler(G)) == 3.0


def test_a_long_run_loses_nothing():
    """3,000 iterates around 1,000, each off by 1e-3: a float32 running mean is wrong in the 6th digit."""
    component = uniform(start=1)
    values = [1000.0 + 2**-10 * (step % 2) for step in range(3_000)]
    follow(component, values)
    assert component.state_dict()["mean.G.0"].flatten()[0].item() == pytest.approx(1000 + 2**-11, rel=1e-12)


def test_buffers_are_the_players_own():
    component = uniform()
    G, D = follow(component, WALK)
    for average, own in ((component.sampler(G), G), (component.averaged(D), D)):
        assert all(torch.equal(a, b) for a, b in zip(average.buffers(), own.buffers(), strict=True))


def test_samples_can_come_from_the_players_while_the_average_goes_on():
    component = uniform(sample=False)
    G, D = follow(component, WALK)
    assert component.sampler(G) is G
    assert component.averaged(D) is D
    component.params.sample = True
    assert component.sampler(G) is not G
