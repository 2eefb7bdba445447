import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import ToyDataset, ToyView, toy_run
from worker import monitors
from worker.monitors.scores import bins_of, histogram, overlap
from worker.verdict import Verdict


def doubles(*values):
    return torch.tensor(values, dtype=torch.float64)


def normal(n, seed, mean=0.0):
    return mean + torch.randn(n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def body_of(logits, n_bins=32):
    return histogram("scores.real", logits, bins_of(logits, n_bins))


def test_density_is_that_of_numpy():
    logits = normal(1000, 0)
    body = body_of(logits, 20)
    density, edges = np.histogram(logits.numpy(), bins=20, density=True)
    np.testing.assert_allclose(body.density, density, rtol=1e-12)
    np.testing.assert_allclose(body.at, (edges[:-1] + edges[1:]) / 2, rtol=1e-12, atol=1e-15)
    shares = np.histogram(logits.numpy(), bins=20)[0] / 1000
    np.testing.assert_allclose(body.stderr, np.sqrt(shares * (1 - shares) / 1000) / np.diff(edges), rtol=1e-12)


@pytest.mark.parametrize(
    "logits", [normal(500, 1), doubles(3, 3, 3), doubles(0, 0), doubles(1e12, 1e12), doubles(-1, 7)], ids=str
)
def test_density_integrates_to_one(logits):
    """Also where all logits are equal: ganlab's histogram does not."""
    body = body_of(logits, 8)
    assert sum(body.density) * (body.at[1] - body.at[0]) == pytest.approx(1, rel=1e-9)


def test_logits_that_are_not_finite_are_missing_from_the_integral():
    body = body_of(torch.cat([normal(60, 2), doubles(*[math.nan] * 30, *[math.inf] * 10)]), 8)
    assert sum(body.density) * (body.at[1] - body.at[0]) == pytest.approx(0.6, rel=1e-9)
    nothing = body_of(doubles(math.nan, math.nan), 4)
    assert all(math.isnan(value) for value in [*nothing.at, *nothing.density, *nothing.stderr])


def test_standard_error_of_a_bin_is_its_scatter_over_many_draws():
    edges = torch.linspace(-4, 4, 9, dtype=torch.float64)
    draws = [histogram("scores.real", normal(200, seed).clamp(-4, 4), edges) for seed in range(400)]
    scatter = np.std([body.density for body in draws], axis=0)
    said = np.mean([body.stderr for body in draws], axis=0)
    np.testing.assert_allclose(said[2:6], scatter[2:6], rtol=0.15)


def by_hand(real, fake):
    """Every threshold tried: those between, below and above all logits."""
    points = sorted({*real, *fake})
    thresholds = [-math.inf, *points]
    return min(sum(x <= t for x in real) / len(real) + sum(x > t for x in fake) / len(fake) for t in thresholds)


def test_overlap_is_the_least_sum_of_both_error_rates():
    assert overlap(doubles(1, 2, 3), doubles(-1, 0, 0.5))["scores.overlap"] == 0
    assert overlap(doubles(-1, 0), doubles(1, 2))["scores.overlap"] == 1, "the wrong way round tells nothing"
    assert overlap(doubles(0, 0, 0), doubles(0, 0))["scores.overlap"] == 1, "a tie tells nothing"
    found = overlap(doubles(0, 2, 3, 4), doubles(-2, 1, 1.5, 5))
    assert found["scores.overlap"] == by_hand([0, 2, 3, 4], [-2, 1, 1.5, 5]) == 0.5
    assert found["scores.overlap.error"] == pytest.approx(math.sqrt(2 * 0.25 * 0.75 / 4))
    for seed in range(5):
        real, fake = normal(40, seed, 0.7), normal(25, seed + 100)
        assert overlap(real, fake)["scores.overlap"] == pytest.approx(by_hand(real.tolist(), fake.tolist()), abs=1e-12)


def test_overlap_of_two_normal_laws_and_its_floor():
    """Two unit normals d apart overlap by 2 Φ(-d/2); of the same law, the mean is 1 - √(π/4n)."""
    apart = overlap(normal(40_000, 0, 1.0), normal(40_000, 1))
    exact = 1 + math.erf(-0.5 / math.sqrt(2))
    assert abs(apart["scores.overlap"] - exact) < 4 * apart["scores.overlap.error"]
    same = [overlap(normal(256, seed), normal(256, seed + 500))["scores.overlap"] for seed in range(300)]
    floor = 1 - math.sqrt(math.pi / 4 / 256)
    assert abs(np.mean(same) - floor) < 4 * np.std(same) / math.sqrt(300) + 0.004


class First(nn.Module):
    """A D whose logit is its input's first number; shows what it was given."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def forward(self, x, labels=None):
        self.seen.append((x, labels, self.training))
        return Verdict(logits=x.flatten(1)[:, 0])


def look(run, D, *, pack=1, **params):
    view = ToyView(run.dataset, run.G, D, conditional=run.conditional, pack=pack)
    return monitors.family.create("scores", params).measure(view)


def test_real_and_fake_have_the_same_bins_and_their_own_shares():
    dataset, D = ToyDataset((2,)), First()
    dataset.samples = torch.tensor([[0.5, 0.0]]).repeat(64, 1)
    run = toy_run((2,))
    run.dataset, run.G = dataset, Constant([-0.25, 0.0])
    measured = look(run, D, bins=3)
    real, fake = measured.densities
    assert (real.series, fake.series) == ("scores.real", "scores.fake")
    assert real.at == fake.at == pytest.approx([-0.125, 0.125, 0.375])
    assert real.density == pytest.approx([0, 0, 4])
    assert fake.density == pytest.approx([4, 0, 0])
    assert measured.scalars == {
        "scores.overlap": 0,
        "scores.overlap.error": 0,
        "scores.right_on_real": 1,
        "scores.right_on_fake": 1,
    }
    assert [training for _, _, training in D.seen] == [False, False]


class Constant(nn.Module):
    def __init__(self, sample):
        super().__init__()
        self.sample = torch.tensor(sample)

    def forward(self, z, labels=None):
        return self.sample.repeat(len(z), 1)


def test_right_is_above_zero_on_real_and_below_it_on_fake():
    dataset = ToyDataset((2,))
    dataset.samples = torch.tensor([[-1.0, 0.0]]).repeat(64, 1)
    run = toy_run((2,))
    run.dataset, run.G = dataset, Constant([0.0, 0.0])
    scalars = look(run, First()).scalars
    assert scalars["scores.right_on_real"] == 0
    assert scalars["scores.right_on_fake"] == 0, "a logit of 0 is not right on either"


def test_packs_are_of_different_samples_and_each_counts_once():
    D = First()
    look(toy_run((2,)), D, pack=2, n=33)
    (real, _, _), (fake, _, _) = D.seen
    assert real.shape == fake.shape == (16, 4)
    assert not torch.equal(real[:, :2], real[:, 2:])


def test_labels_go_with_the_samples():
    run, D = toy_run((3, 4, 4), 2, conditional=True), First()
    look(run, D, n=32)
    (real, labels, _), (_, fake_labels, _) = D.seen
    assert torch.equal(labels, (real.flatten(1)[:, :2] > 0).long())
    assert fake_labels.shape == (32, 2)


def test_nan_makes_the_numbers_nan_and_infinity_does_not():
    run = toy_run((2,))
    run.G = Constant([math.nan, 0.0])
    scalars = look(run, First()).scalars
    assert math.isnan(scalars["scores.overlap"])
    assert math.isnan(scalars["scores.right_on_fake"])
    assert not math.isnan(scalars["scores.right_on_real"])
    run.G = Constant([-math.inf, 0.0])
    assert look(run, First()).scalars["scores.right_on_fake"] == 1
    assert look(run, First()).scalars["scores.overlap"] == 0
