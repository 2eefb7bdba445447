import math

import numpy as np
import pytest
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import datasets, monitors
from worker.monitors.vendi import cosine_score, gaussian_score


def axes(*counts, dimensions):
    """So many samples along each axis: each axis is like itself and not at all like the others."""
    return torch.eye(dimensions, dtype=torch.float64).repeat_interleave(
        torch.tensor([*counts, *[0] * (dimensions - len(counts))]), dim=0
    )


@pytest.mark.parametrize("dimensions", [8, 64], ids=["eigenvalues of features", "eigenvalues of samples"])
def test_score_of_groups_is_the_exponential_of_their_entropy(dimensions):
    """Lengths do not count: a group is a direction."""
    x = axes(10, 20, 10, dimensions=dimensions)
    x = x * torch.linspace(0.5, 3, 40, dtype=torch.float64)[:, None]
    entropy = -(2 * 0.25 * math.log(0.25) + 0.5 * math.log(0.5))
    assert cosine_score(x)[0] == pytest.approx(math.exp(entropy), rel=1e-12)


def test_equal_samples_are_one_and_different_ones_all():
    assert cosine_score(axes(30, dimensions=5))[0] == pytest.approx(1, rel=1e-12)
    assert cosine_score(axes(*[1] * 12, dimensions=12))[0] == pytest.approx(12, rel=1e-12)
    places = torch.arange(20.0, dtype=torch.float64)[:, None]
    assert gaussian_score(places, 0.01)[0] == pytest.approx(20, rel=1e-12)
    assert gaussian_score(places, 1e6)[0] == pytest.approx(1, rel=1e-6)


def test_score_is_that_of_the_definition():
    """NumPy's eigenvalues of the whole kernel, by both ways of this file."""
    x = np.random.default_rng(0).normal(size=(40, 6)) + 0.5
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    squares = np.square(x[:, None] - x).sum(2)
    for kernel, (found, _) in (
        (unit @ unit.T, cosine_score(torch.from_numpy(x))),
        (np.exp(-squares / (2 * 1.5**2)), gaussian_score(torch.from_numpy(x), 1.5)),
    ):
        eigenvalues = np.linalg.eigvalsh(kernel / 40)
        eigenvalues = eigenvalues[eigenvalues > 1e-15]
        assert found == pytest.approx(np.exp(-(eigenvalues * np.log(eigenvalues)).sum()), rel=1e-9)


@pytest.mark.parametrize("score", [cosine_score, lambda x: gaussian_score(x, 3.0)], ids=["cosine", "gaussian"])
def test_error_is_what_repetition_gives(score):
    generator = torch.Generator().manual_seed(0)
    scale = torch.linspace(1, 0.1, 8, dtype=torch.float64)
    looks = [score(torch.randn(100, 8, generator=generator, dtype=torch.float64) * scale + 0.5) for _ in range(80)]
    spread = np.std([found for found, _ in looks], ddof=1)
    assert np.mean([error for _, error in looks]) == pytest.approx(spread, rel=0.3)


def look(run, **params):
    return monitors.family.create("vendi", params).measure(run.view()).scalars


def test_ring_has_about_as_many_samples_as_modes(tmp_path):
    """What the page says of points: 8 for real ones; for a G with three modes 3."""
    ring = datasets.family.create("ring", {"n": 2000})
    ring.prepare(tmp_path)
    run = toy_run((2,))
    run.dataset, run.G = ring, Sampler(ring.centres()[:3].float())
    scalars = look(run)
    assert scalars["vendi.score.real"] == pytest.approx(8.4, abs=0.2)
    assert scalars["vendi.score"] == pytest.approx(3, abs=1e-3)


def test_pictures_are_compared_by_the_cosine_and_points_by_a_gaussian_unless_asked():
    for shape, kernel in (((2,), "gaussian"), ((3, 4, 4), "cosine")):
        run = toy_run(shape)
        assert look(run) == look(run, kernel=kernel)
        other = {"gaussian": "cosine", "cosine": "gaussian"}[kernel]
        assert look(run) != look(run, kernel=other)


def test_sample_that_is_not_finite_gives_nan():
    run = toy_run((2,))
    run.G = Sampler(torch.tensor([[math.nan, 0.0]]))
    scalars = look(run)
    assert math.isnan(scalars["vendi.score"])
    assert math.isnan(scalars["vendi.score.error"])
    assert scalars["vendi.score.real"] > 1
