import math

import numpy as np
import pytest
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.monitors.birthday import closest_pairs, summary


def column(*values):
    return torch.tensor(values, dtype=torch.float64)[:, None]


def test_limit_is_the_distance_of_the_closest_pairs():
    """0, 1, 3, 7, 15: distances 1, 2, 3, 4, 6, …"""
    x = column(0, 1, 3, 7, 15)
    assert [closest_pairs(x, near) for near in (1, 2, 3, 4, 5)] == [1, 4, 9, 16, 36]
    assert closest_pairs(x, 1000) == 15**2


def test_pairs_within_the_limit_are_counted_once_each():
    found = summary(column(0, 0, 0, 5, 5, 9), 0.0)
    assert found["duplicates"] == pytest.approx((3 + 1) / 15)
    assert found["support"] == pytest.approx(15 / 4)
    assert summary(column(0, 1, 2), 1.0)["duplicates"] == pytest.approx(2 / 3), "the limit itself is within"


def test_without_a_pair_the_support_is_infinite_and_nobody_knows_how_surely():
    found = summary(column(0, 1, 2), 0.5)
    assert (found["duplicates"], found["support"], found["support.error"]) == (0, math.inf, math.inf)


def test_support_of_equally_likely_samples_is_their_number_and_the_error_what_repetition_gives():
    """300 of 1,000 different samples: some 45 pairs; the jackknife is up to √2 too large, as the docs state."""
    generator = torch.Generator().manual_seed(0)
    looks = [summary(torch.randint(1000, (300,), generator=generator).double()[:, None], 0.25) for _ in range(200)]
    assert 1 / np.mean([look["duplicates"] for look in looks]) == pytest.approx(1000, rel=0.04)
    spread = np.std([look["duplicates"] for look in looks], ddof=1)
    ratio = np.mean([look["duplicates.error"] for look in looks]) / spread
    assert 1.1 < ratio < 1.6
    one = looks[0]
    assert one["support.error"] / one["support"] == pytest.approx(one["duplicates.error"] / one["duplicates"])


def run_of(n=2000):
    run = toy_run((2,))
    run.dataset.samples = torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    run.dataset.labels = torch.empty(n, 0, dtype=torch.int64)
    return run


def look(run, **params):
    return monitors.family.create("birthday", params).measure(run.view()).scalars


def test_g_of_ten_samples_has_a_support_of_about_ten():
    run = run_of()
    run.G = Sampler(run.dataset.samples[:10] * 3)
    scalars = look(run)
    assert scalars["birthday.support"] == pytest.approx(10 * 499 / 490, rel=1e-9), "500 samples, 50 of each"
    pairs = 500 * 499 / 2
    assert scalars["birthday.duplicates.real"] == pytest.approx(20 / pairs, rel=0.8), "other real pairs, same limit"
    assert scalars["birthday.support.real"] == pytest.approx(1 / scalars["birthday.duplicates.real"])


def test_more_real_pairs_make_a_wider_limit():
    run = run_of()
    assert look(run, near=500)["birthday.duplicates.real"] > 5 * look(run, near=20)["birthday.duplicates.real"]


def test_sample_that_is_not_finite_gives_nan():
    run = run_of()
    run.G = Sampler(torch.tensor([[math.nan, 0.0], [0.0, 0.0]]))
    nan = {name for name, value in look(run).items() if math.isnan(value)}
    assert nan == {"birthday.duplicates", "birthday.duplicates.error", "birthday.support", "birthday.support.error"}
