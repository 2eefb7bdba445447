import math

import numpy as np
import pytest
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.monitors import nearest_real
from worker.monitors.nearest_real import nearest


@pytest.fixture
def run():
    return toy_run((3, 4, 4))


def look(run, step=1, **params):
    return monitors.family.create("nearest_real", params).measure(run.view(step))


def pictures(n, seed=9):
    return 2 * torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(seed)) - 1


@pytest.mark.parametrize("chunk", [5000, 10], ids=["at once", "in chunks"])
def test_neighbour_is_that_of_brute_force(run, monkeypatch, chunk):
    monkeypatch.setattr(nearest_real, "CHUNK", chunk)
    found, x, real = nearest(pictures(20), run.dataset), pictures(20).numpy(), run.dataset.samples.numpy()
    rms = np.sqrt(np.square(x[:, None].astype(float) - real).mean((2, 3, 4)))
    assert found.index.tolist() == rms.argmin(1).tolist()
    np.testing.assert_allclose(found.distance.numpy(), rms.min(1), rtol=1e-9)


@pytest.mark.parametrize("chunk", [5000, 10], ids=["at once", "in chunks"])
def test_picture_is_not_its_own_neighbour_where_it_is_left_out(run, monkeypatch, chunk):
    monkeypatch.setattr(nearest_real, "CHUNK", chunk)
    own = torch.arange(64)
    assert nearest(run.dataset.samples, run.dataset).index.tolist() == own.tolist()
    found = nearest(run.dataset.samples, run.dataset, but=own)
    assert not (found.index == own).any()
    flat = run.dataset.samples.flatten(1).double()
    expected = (flat[:, None] - flat).square().mean(2).sqrt().fill_diagonal_(math.inf)
    torch.testing.assert_close(found.distance, expected.amin(1))


def test_grid_has_each_picture_beside_the_training_picture_that_it_is_like(run):
    """G makes training pictures 3, 14 and 15, a little off; each has its own on its right."""
    chosen = run.dataset.samples[[3, 14, 15]]
    run.G = Sampler(chosen + 0.01)
    [grid] = look(run, pairs=3).grids
    assert (grid.rows, grid.columns) == (8, 6)
    assert torch.equal(grid.samples[:6], torch.stack([chosen + 0.01, chosen], dim=1).flatten(0, 1))


def test_grid_keeps_its_latents_from_look_to_look_and_the_numbers_do_not(run):
    first, second = look(run, 1), look(run, 2)
    assert torch.equal(first.grids[0].samples, second.grids[0].samples)
    assert first.scalars["nearest_real.distance"] != second.scalars["nearest_real.distance"]


def test_copies_are_all_closer_and_strangers_never(run):
    run.G = Sampler(run.dataset.samples + 0.001)
    scalars = look(run).scalars
    assert scalars["nearest_real.closer"] == 1
    assert scalars["nearest_real.distance"] == pytest.approx(0.001, rel=1e-3)
    run.G = Sampler(torch.full((1, 3, 4, 4), 5.0))
    assert look(run).scalars["nearest_real.closer"] == 0


def test_draws_from_the_datas_own_law_are_closer_half_of_the_time(run):
    """2,000 pictures of the law of the 64 training pictures; 64 of them set the median, whose error is 0.5/√64."""
    run.G = Sampler(pictures(2000))
    closer = look(run, n=2000).scalars["nearest_real.closer"]
    assert abs(closer - 0.5) < 4 * math.sqrt(0.25 / 64 + 0.25 / 2000)


def test_real_distance_is_the_median_to_the_nearest_other_one(run):
    flat = run.dataset.samples.flatten(1).double()
    among = (flat[:, None] - flat).square().mean(2).sqrt().fill_diagonal_(math.inf).amin(1)
    assert look(run).scalars["nearest_real.distance.real"] == pytest.approx(among.median().item(), rel=1e-9)


def test_pixel_that_is_not_finite_gives_nan(run):
    run.G = Sampler(torch.full((1, 3, 4, 4), math.nan))
    measured = look(run)
    assert math.isnan(measured.scalars["nearest_real.closer"])
    assert math.isnan(measured.scalars["nearest_real.distance"])
    assert len(measured.grids[0].samples) == 64
