"""Schedules of the rate against a table made by hand, and that a turned knob counts at once."""

import math

import pytest

from worker import optimisers
from worker.optimisers._rate import RateParams, factor


def params(**given):
    return RateParams(**given)


def test_without_a_schedule_the_rate_is_lr_throughout():
    assert [factor(params(), step) for step in (1, 100, 10**9)] == [1, 1, 1]


def test_warm_up_rises_linearly_to_one_and_stays():
    assert [factor(params(warmup=4), step) for step in (1, 2, 3, 4, 5, 50)] == [0.25, 0.5, 0.75, 1, 1, 1]


@pytest.mark.parametrize(
    ("decay", "expected"),
    [
        # Steps 10, 12, 15, 20, 99 of a decay that starts after step 10, takes 10 steps and leaves 0.2.
        ("linear", [1, 1 - 0.8 * 0.2, 0.6, 0.2, 0.2]),
        ("cosine", [1, 0.2 + 0.4 * (1 + math.cos(0.2 * math.pi)), 0.6, 0.2, 0.2]),
        ("exponential", [1, 0.2**0.2, math.sqrt(0.2), 0.2, 0.2]),
    ],
)
def test_decay_follows_its_shape(decay, expected):
    schedule = params(decay=decay, decay_from=10, decay_steps=10, decay_to=0.2)
    assert [factor(schedule, step) for step in (10, 12, 15, 20, 99)] == pytest.approx(expected, rel=1e-12)


def test_decay_starts_at_the_step_after_decay_from():
    """Linear from the first step, as SNGAN does it: p = step / steps."""
    assert [factor(params(decay_steps=4), step) for step in (1, 2, 3, 4)] == pytest.approx([0.75, 0.5, 0.25, 0])


def test_exponential_decay_to_nothing_ends_at_a_millionth():
    schedule = params(decay="exponential", decay_steps=2, decay_to=0.0)
    assert [factor(schedule, step) for step in (1, 2, 9)] == pytest.approx([1e-3, 1e-6, 1e-6])


def test_warm_up_and_decay_multiply():
    schedule = params(warmup=10, decay_steps=10, decay_to=0.0)
    assert factor(schedule, 5) == pytest.approx(0.5 * 0.5)


def test_schedule_and_rate_turned_mid_run_count_from_the_next_step():
    component = optimisers.family.create("sgd", {"lr": 0.2})
    assert component.rate(50) == 0.2
    assert not component.is_scheduled
    component.params.decay_from, component.params.decay_steps = 50, 100
    assert component.is_scheduled
    assert component.rate(75) == pytest.approx(0.2 * 0.75)
    component.params.lr = 0.4
    assert component.rate(75) == pytest.approx(0.4 * 0.75)
    component.params.decay_steps = 0
    component.params.warmup = 100
    assert component.rate(75) == pytest.approx(0.4 * 0.75)


@pytest.mark.parametrize(("name", "value"), [("warmup", -1), ("decay_to", 1.5), ("decay_steps", -1), ("decay", "step")])
def test_a_schedule_that_makes_no_sense_is_refused(name, value):
    with pytest.raises(ValueError, match=name):
        params(**{name: value})


@pytest.mark.parametrize("name", ["warmup", "decay_from", "decay_steps", "decay_to"])
def test_the_numbers_of_a_schedule_are_knobs(name):
    assert "knob" in RateParams.model_json_schema()["properties"][name]
