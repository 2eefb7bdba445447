import math
import os

import numpy as np
import pytest
import scipy.linalg
import torch

from tests.worker.features.inception_weights import mount, random_state
from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.features._inception_v3 import InceptionV3
from worker.features.inception import network_input
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


def test_name_is_of_the_extractor_and_the_size_and_not_fid():
    for shape, name in (((2,), "FD (coordinates, n=32)"), ((3, 8, 8), "FD (8×8 thumbnails, n=32)")):
        monitor = monitors.family.create("frechet", {})
        run = toy_run(shape, judged=False)
        series = monitor.series_of(run.dataset, run.G, run.D)
        assert [one.unit for one in series] == [name] * 3
        assert not any("FID" in f"{one.name} {one.unit} {one.meaning}".upper() for one in series)


def test_too_many_features_are_refused_with_what_to_take():
    with pytest.raises(ValueError, match=r"3072 features .*thumbnails"):
        look(toy_run((3, 32, 32)), extractor="identity")


def test_inception_alone_is_called_fid_and_that_needs_no_weights_to_be_said(monkeypatch):
    """A run starts with a monitor that cannot measure: the first look says why."""
    monkeypatch.delenv("MODESCOPE_INCEPTION", raising=False)
    run = toy_run((3, 8, 8), judged=False)
    for choice in ("thumbnails", "identity", "efficientnet_lite0", "inception"):
        monitor = monitors.family.create("frechet", {"extractor": choice})
        units = {series.unit for series in monitor.series_of(run.dataset, run.G, run.D)}
        assert (units == {"FID (Inception pool3 2048, TF weights, n=32)"}) is (choice == "inception")
        assert any("FID" in unit for unit in units) is (choice == "inception")
    with pytest.raises(ValueError, match="MODESCOPE_INCEPTION names no file"):
        look(run, extractor="inception")


@pytest.fixture(scope="module")
def fid_run(tmp_path_factory):
    """A run on pictures whose FID can be measured, with weights that are random."""
    with pytest.MonkeyPatch.context() as patch:
        mount(patch, tmp_path_factory.mktemp("weights") / "weights.pth", random_state())
        yield toy_run((3, 8, 8), judged=False)


def test_fid_of_a_few_pictures_from_the_file_of_weights_to_the_number(fid_run):
    """The trace of the root is a sum of singular values of one set's features times the other's: 10×10, not 2048×2048.

    Roots of eigenvalues that are 0 but for rounding, most of the 2,048, leave 1e-6.
    """
    run = fid_run
    chosen = torch.randperm(64, generator=torch.Generator().manual_seed(2002_09797))[:20]
    first, second = run.dataset.samples[chosen].split(10)
    generated = second.flip(3) * 0.5
    run.G = Sampler(generated)
    scalars = look(run, extractor="inception", n=10)

    network = InceptionV3()
    network.load_state_dict(torch.load(os.environ["MODESCOPE_INCEPTION"], weights_only=True))
    with torch.no_grad():
        a, b, c = (network.eval()(network_input(x)).double() for x in (first, second, generated))
    assert scalars["frechet.distance.real"] == pytest.approx(by_singular_values(a, b), rel=1e-5)
    assert scalars["frechet.distance"] == pytest.approx(by_singular_values(a, c), rel=1e-5)
    assert scalars["frechet.distance"] > 2 * scalars["frechet.distance.real"]
    assert 0 < scalars["frechet.distance.error"] < scalars["frechet.distance"]


def by_singular_values(a, b):
    shift, a, b = a.mean(0) - b.mean(0), a - a.mean(0), b - b.mean(0)
    n = len(a) - 1
    return (
        shift.square().sum() + (a.square().sum() + b.square().sum() - 2 * torch.linalg.svdvals(a @ b.T).sum()) / n
    ).item()


def test_infinite_pixel_is_no_byte_and_gives_nan_for_fid(fid_run):
    samples = torch.zeros(10, 3, 8, 8)
    samples[4, 0, 0, 0] = math.inf
    fid_run.G = Sampler(samples)
    scalars = look(fid_run, extractor="inception", n=10)
    assert math.isnan(scalars["frechet.distance"])
    assert scalars["frechet.distance.real"] > 0
