import math

import numpy as np
import pytest
import scipy.linalg
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.monitors.frechet import Gaussian, distance


def with_moments(mean, covariance, n=50, seed=0):
    """Samples whose own mean and covariance are exactly these."""
    dimensions = len(mean)
    x = torch.randn(n, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    x = x - x.mean(0)
    white = x @ torch.linalg.inv(torch.linalg.cholesky(x.T @ x / (n - 1))).T
    return white @ torch.linalg.cholesky(covariance).T + mean


def vector(*values):
    return torch.tensor(values, dtype=torch.float64)


def fd(real, generated):
    return distance(Gaussian.of(real), generated)[0]


def test_two_gaussians_on_a_line():
    """(μ - m)² + (σ - s)²."""
    real = with_moments(vector(1.0), vector(4.0)[:, None])
    generated = with_moments(vector(-0.5), vector(0.25)[:, None], n=80, seed=1)
    assert fd(real, generated) == pytest.approx(1.5**2 + (2 - 0.5) ** 2, rel=1e-12)


def test_diagonal_gaussians_add_up():
    real = with_moments(vector(0, 1, 2), vector(1, 4, 9).diag())
    generated = with_moments(vector(0, 0, 0), vector(4, 4, 1).diag(), n=70, seed=1)
    assert fd(real, generated) == pytest.approx(0 + 1 + 4 + 1 + 0 + 4, rel=1e-12)


def test_covariances_that_do_not_commute():
    """Against SciPy's general matrix square root of the product, as the published FID has it."""
    a, b = np.random.default_rng(0).normal(size=(2, 30, 6))
    left, right = np.cov(a.T), np.cov(b.T)
    expected = np.square(a.mean(0) - b.mean(0)).sum() + np.trace(
        left + right - 2 * scipy.linalg.sqrtm(left @ right).real
    )
    assert fd(torch.from_numpy(a), torch.from_numpy(b)) == pytest.approx(expected, rel=1e-10)


def test_it_is_symmetric_and_vanishes_for_equal_sets():
    a, b = (torch.from_numpy(x) for x in np.random.default_rng(0).normal(size=(2, 30, 6)))
    assert fd(a, b) == pytest.approx(fd(b, a), rel=1e-10)
    assert fd(a, a) == pytest.approx(0, abs=1e-12)


def test_flat_directions_do_no_harm():
    """Fewer samples than features, and features that never change, as a classifier has them."""
    a, b = (torch.from_numpy(x) for x in np.random.default_rng(0).normal(size=(2, 5, 12)))
    a[:, 3], b[:, 3] = 0, 0
    expected = (a.mean(0) - b.mean(0)).square().sum() + a.T.cov().trace() + b.T.cov().trace()
    nuclear = torch.linalg.svdvals((a - a.mean(0)) @ (b - b.mean(0)).T).sum() / 4  # the same trace, without any root
    found, error = distance(Gaussian.of(a), b)
    assert found == pytest.approx((expected - 2 * nuclear).item(), rel=1e-6)
    assert math.isfinite(error)


def test_error_is_what_repetition_gives_away_from_the_floor():
    generator = torch.Generator().manual_seed(0)
    scale = torch.linspace(1, 0.1, 6, dtype=torch.float64)
    real = Gaussian.of(torch.randn(300, 6, generator=generator, dtype=torch.float64) * scale)
    looks = [
        distance(real, 0.6 * torch.randn(300, 6, generator=generator, dtype=torch.float64) * scale + 0.4)
        for _ in range(80)
    ]
    spread = np.std([found for found, _ in looks], ddof=1)
    assert np.mean([error for _, error in looks]) == pytest.approx(spread, rel=0.25)


def look(run, **params):
    return monitors.family.create("frechet", params).measure(run.view()).scalars


def test_floor_is_the_distance_of_the_other_real_half_and_the_mean_shift_comes_on_top():
    """G copies the second real half, shifted: the floor, and the squares of the shift and what it adds to the means."""
    run = toy_run((2,))
    chosen = torch.randperm(64, generator=torch.Generator().manual_seed(2002_09797))
    first, second = run.dataset.samples[chosen].double().split(32)
    run.G = Sampler((second + 3).float())
    scalars = look(run)
    apart = first.mean(0) - second.mean(0)
    assert scalars["frechet.distance.real"] == pytest.approx(fd(first, second), rel=1e-9)
    added = (apart - 3).square().sum().item() - apart.square().sum().item()
    assert scalars["frechet.distance"] == pytest.approx(scalars["frechet.distance.real"] + added, rel=1e-5)


def test_sample_that_is_not_finite_gives_nan():
    run = toy_run((2,))
    run.G = Sampler(torch.tensor([[math.inf, 0.0], [0.0, 0.0]]))
    scalars = look(run)
    assert math.isnan(scalars["frechet.distance"])
    assert math.isnan(scalars["frechet.distance.error"])
    assert scalars["frechet.distance.real"] > 0


def test_name_is_of_the_extractor_and_the_size_and_never_fid():
    for shape, name in (((2,), "FD (coordinates, n=32)"), ((3, 8, 8), "FD (8×8 thumbnails, n=32)")):
        monitor = monitors.family.create("frechet", {})
        run = toy_run(shape, judged=False)
        series = monitor.series_of(run.dataset, run.G, run.D)
        assert [one.unit for one in series] == [name] * 3
        assert not any("FID" in f"{one.name} {one.unit} {one.meaning}".upper() for one in series)


def test_too_many_features_are_refused_with_what_to_take():
    with pytest.raises(ValueError, match=r"3072 features .*thumbnails"):
        look(toy_run((3, 32, 32)), extractor="identity")
