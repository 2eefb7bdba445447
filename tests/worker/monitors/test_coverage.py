"""References from `prdc` 0.2 (Naeem et al.'s own), from brute force, and from the closed form for equal laws."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.monitors.coverage import Balls, summary

PRDC = {
    # compute_prdc(real, generated, nearest_k=k) of the sets below; precision and recall at 3, the others at 5
    8: {"precision": 0.96, "recall": 0.6, "density": 1.345, "coverage": 0.8566666666666667},
    40: {"precision": 0.985, "recall": 0.11666666666666667, "density": 5.511, "coverage": 1.0},
}


def sets():
    """(300, F) real and (200, F) generated, for 8 and 40 dimensions."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(300, 8)), 0.8 * rng.normal(size=(200, 8)) + 0.3
    second = rng.normal(size=(300, 40)), 0.8 * rng.normal(size=(200, 40)) + 0.1
    return {8: first, 40: second}


@pytest.mark.parametrize("dimensions", [8, 40])
def test_numbers_are_those_of_prdc(dimensions):
    real, generated = (torch.from_numpy(part) for part in sets()[dimensions])
    found = summary(Balls.of(real), generated)
    for name, expected in PRDC[dimensions].items():
        assert found[name] == pytest.approx(expected, abs=1e-12), name


@pytest.mark.parametrize("dimensions", [8, 40])
def test_numbers_are_those_of_brute_force(dimensions):
    """Loops over the definitions, with other sizes than the reference's."""
    real, generated = (part[:40] for part in sets()[dimensions])

    def radius(points, i, k):
        return sorted(np.linalg.norm(points[i] - other) for j, other in enumerate(points) if j != i)[k - 1]

    def distance(x, y):
        return np.linalg.norm(x - y)

    of_real = {k: [radius(real, i, k) for i in range(len(real))] for k in (3, 5)}
    of_generated = [radius(generated, j, 3) for j in range(len(generated))]
    precision = [any(distance(x, y) <= r for x, r in zip(real, of_real[3], strict=True)) for y in generated]
    recall = [any(distance(x, y) <= r for y, r in zip(generated, of_generated, strict=True)) for x in real]
    inside = [[distance(x, y) < r for y in generated] for x, r in zip(real, of_real[5], strict=True)]
    found = summary(Balls.of(torch.from_numpy(real)), torch.from_numpy(generated))
    assert found["precision"] == pytest.approx(np.mean(precision))
    assert found["recall"] == pytest.approx(np.mean(recall))
    assert found["density"] == pytest.approx(np.sum(inside) / 5 / len(generated))
    assert found["coverage"] == pytest.approx(np.mean([any(row) for row in inside]))
    assert 0 < found["recall"] < found["coverage"] <= 1


def test_edge_of_a_ball_is_inside_for_precision_and_outside_for_coverage():
    """Real points at 0, 1, …, 9: the 3rd neighbour of 9 is 3 away, the 5th 5 away; a sample stands at each edge."""
    real = torch.arange(10.0, dtype=torch.float64)[:, None]
    far = torch.full((10, 1), 1e6, dtype=torch.float64) * torch.arange(1, 11, dtype=torch.float64)[:, None]
    at_3, at_5 = far.clone(), far.clone()
    at_3[0], at_5[0] = 12.0, 14.0
    assert summary(Balls.of(real), at_3)["precision"] == 0.1
    assert summary(Balls.of(real), at_5)["coverage"] == 0.0
    at_5[0] = 14.0 - 1e-9
    assert summary(Balls.of(real), at_5)["coverage"] == 0.1
    assert summary(Balls.of(real), at_5)["density"] == pytest.approx(1 / 5 / 10)


def draws(n, seed):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_coverage_of_equal_laws_is_the_closed_form():
    """1 - Π (n-i)/(2n-i), whatever the law; the mean over 40 pairs of sets."""
    n = 200
    expected = 1 - math.prod((n - i) / (2 * n - i) for i in range(1, 6))
    found = [summary(Balls.of(draws(n, 2 * k)), draws(n, 2 * k + 1))["coverage"] for k in range(40)]
    assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / math.sqrt(40))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [("precision", 0.8, 1.25), ("density", 0.8, 1.25), ("recall", 0.4, 1.2), ("coverage", 0.4, 1.2)],
)
def test_error_is_what_repetition_gives(name, low, high):
    """Sets of samples from another law, the real ones staying; of recall and coverage the error may be too large."""
    real = Balls.of(draws(200, 1000))
    looks = [summary(real, 1.3 * draws(200, k) + 0.3) for k in range(60)]
    ratio = np.std([look[name] for look in looks], ddof=1) / np.mean([look[f"{name}.error"] for look in looks])
    assert low < ratio < high


class Repeats(nn.Module):
    """A G that has a few samples of the data, and no others."""

    def __init__(self, samples):
        super().__init__()
        self.samples = samples

    def forward(self, z, labels=None):
        return self.samples[torch.arange(len(z)) % len(self.samples)]


def look(run, step=1, **params):
    return monitors.family.create("coverage", params).measure(run.view(step)).scalars


def many(run, n=400):
    run.dataset.samples = torch.randn(n, 2, generator=torch.Generator().manual_seed(2))
    run.dataset.labels = torch.empty(n, 0, dtype=torch.int64)
    return run


def test_collapse_keeps_precision_and_loses_recall_and_coverage():
    run = many(toy_run((2,)))
    run.G = Repeats(run.dataset.samples[:2])
    scalars = look(run)
    assert scalars["coverage.precision"] == 1
    assert scalars["coverage.recall"] < 0.02
    assert scalars["coverage.coverage"] < 0.15
    assert scalars["coverage.coverage.real"] > 0.9


def test_floor_is_what_the_other_real_half_gets():
    run = many(toy_run((2,)))
    scalars = look(run, n=100)
    chosen = torch.randperm(400, generator=torch.Generator().manual_seed(2002_09797))[:200]
    real = run.dataset.samples[chosen].double()
    expected = summary(Balls.of(real[:100]), real[100:])
    assert {name: scalars[f"coverage.{name}.real"] for name in ("precision", "recall", "density", "coverage")} == {
        name: value for name, value in expected.items() if not name.endswith("error")
    }


def test_one_sample_that_is_not_finite_makes_all_numbers_nan_but_not_the_floor():
    run = many(toy_run((2,)))
    run.G = Repeats(torch.tensor([[0.0, 0.0], [math.nan, 0.0]]))
    scalars = look(run)
    assert {name for name, value in scalars.items() if math.isnan(value)} == {
        name for name in scalars if not name.endswith(".real")
    }


def test_series_say_how_many_samples_and_which_features():
    monitor = monitors.family.create("coverage", {"n": 500})
    meanings = {series.name: series.meaning for series in monitor.series_of(toy_run((2,)).dataset, None, None)}
    assert meanings["coverage.precision"].endswith("; 32 of each, by coordinates.")
    assert not any("<" in meaning for meaning in meanings.values())


def test_samples_are_fresh_at_every_look():
    run = many(toy_run((2,)))
    assert look(run, 1) == look(run, 1) != look(run, 2)


def test_too_small_a_dataset_is_said_at_the_first_look_and_not_when_the_run_announces_its_series():
    run = toy_run((2,))
    run.dataset.samples = run.dataset.samples[:12]
    assert monitors.family.create("coverage", {}).series_of(run.dataset, run.G, run.D)
    with pytest.raises(ValueError, match=r"at least 10 samples each, and this dataset has 12"):
        look(run)
