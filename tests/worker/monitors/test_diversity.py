import math

import pytest
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.monitors.diversity import mean_distances


def look(places, step=1, n=64):
    run = toy_run((2,))
    run.G = Sampler(torch.tensor(places))
    return run, monitors.family.create("diversity", {"n": n}).measure(run.view(step)).scalars


def by_brute_force(points):
    pairs = [(a, b) for i, a in enumerate(points) for b in points[:i]]
    return sum(math.dist(a, b) for a, b in pairs) / len(pairs)


def test_three_known_samples():
    """A 3-4-5 triangle: the mean of its sides is 4, of the corners 3.5, 4 and 4.5; their sd is 0.5."""
    run, scalars = look([[0.0, 0.0], [3.0, 0.0], [0.0, 4.0]], n=3)
    real, _ = run.dataset.sample(3, run.view().fixed)
    floor = by_brute_force(real.tolist())
    assert float(scalars["diversity.real"]) == pytest.approx(floor, rel=1e-6)
    assert float(scalars["diversity.ratio"]) == pytest.approx(4 / floor, rel=1e-6)
    assert float(scalars["diversity.ratio.error"]) == pytest.approx(2 * 0.5 / math.sqrt(3) / floor, rel=1e-6)


def test_samples_that_are_alike_have_none_and_nearly_alike_ones_next_to_none():
    _, scalars = look([[0.7, -0.2]])
    assert float(scalars["diversity.ratio"]) == 0
    apart = mean_distances(torch.tensor([[100.0, 100.0], [100.0, 100.001]]))
    assert apart.tolist() == pytest.approx([0.001, 0.001], rel=0.02)  # float32 at 100 resolves 8e-6


def test_real_samples_are_the_same_at_every_look_and_a_perfect_sampler_is_near_one():
    run = toy_run((2,))
    places = run.dataset.samples.tolist()
    looks = [look(places, step)[1] for step in (1, 2)]
    assert looks[0]["diversity.real"] == looks[1]["diversity.real"]
    assert float(looks[0]["diversity.ratio"]) == pytest.approx(1, abs=0.2)


def test_the_standard_error_is_that_of_repeated_looks():
    generator = torch.Generator().manual_seed(1)
    draws = [mean_distances(torch.randn(64, 2, generator=generator)) for _ in range(400)]
    means = torch.stack([draw.mean() for draw in draws])
    said = torch.stack([2 * draw.std() / 8 for draw in draws]).mean()
    # Two standard errors of a deviation from 400 draws are 7 %; the formula itself is good to 1/n.
    assert float(means.std() / said) == pytest.approx(1, abs=0.1)


def test_one_sample_that_is_no_number_is_seen():
    _, scalars = look([[0.0, 0.0], [math.nan, 1.0]])
    assert math.isnan(float(scalars["diversity.ratio"]))
