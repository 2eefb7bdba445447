import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.monitors.ms_ssim import WEIGHTS, ms_ssim, real_pairs


def noise(n, side, seed=0):
    return 2 * torch.rand(n, 3, side, side, generator=torch.Generator().manual_seed(seed)) - 1


def grey(value, side=16):
    return torch.full((1, 3, side, side), float(value))


@pytest.mark.parametrize("side", [4, 5, 8, 16, 28, 32, 64, 128])
def test_equal_pictures_have_one(side):
    assert ms_ssim(noise(2, side), noise(2, side)).tolist() == pytest.approx([1, 1], rel=1e-12)


def test_flat_pictures_differ_by_their_luminance_at_the_coarsest_scale_alone():
    """-1 and 0 are 0 and ½ of full white: l = 0.0001 / 0.2501, and cs = 1; two scales, of which the second counts."""
    share = WEIGHTS[1] / (WEIGHTS[0] + WEIGHTS[1])
    expected = (0.01**2 / (0.25 + 0.01**2)) ** share
    assert ms_ssim(grey(-1), grey(0)).item() == pytest.approx(expected, rel=1e-9)


def test_negative_is_like_nothing():
    x = noise(1, 32)
    assert ms_ssim(x, -x).item() == 0


def by_hand(x, y):
    """The definition for one channel of 16×16 pixels in [0, 1]: loops over windows, two scales."""
    offsets = np.arange(7) - 3
    window = np.exp(-(offsets[:, None] ** 2 + offsets**2) / (2 * 1.5**2))
    window /= window.sum()
    result = 1.0
    for scale, weight in enumerate(np.array(WEIGHTS[:2]) / sum(WEIGHTS[:2])):
        terms = []
        for top in range(len(x) - 6):
            for left in range(len(x) - 6):
                a, b = x[top : top + 7, left : left + 7], y[top : top + 7, left : left + 7]
                mean_a, mean_b = (window * a).sum(), (window * b).sum()
                var_a, var_b = (window * (a - mean_a) ** 2).sum(), (window * (b - mean_b) ** 2).sum()
                covariance = (window * (a - mean_a) * (b - mean_b)).sum()
                term = (2 * covariance + 0.03**2) / (var_a + var_b + 0.03**2)
                if scale == 1:
                    term *= (2 * mean_a * mean_b + 0.01**2) / (mean_a**2 + mean_b**2 + 0.01**2)
                terms.append(term)
        result *= max(0, np.mean(terms)) ** weight
        x, y = (z.reshape(len(z) // 2, 2, len(z) // 2, 2).mean((1, 3)) for z in (x, y))
    return result


def test_similarity_is_that_of_the_definition():
    x = noise(1, 16).double()
    y = (0.7 * x + 0.3 * noise(1, 16, 1)).double()
    expected = [by_hand((x[0, c].numpy() + 1) / 2, (y[0, c].numpy() + 1) / 2) for c in range(3)]
    assert ms_ssim(x, y).item() == pytest.approx(np.mean(expected), rel=1e-9)
    assert 0.3 < np.mean(expected) < 0.95


def test_real_pairs_are_different_pictures_of_the_same_labels_each_as_likely():
    run = toy_run((3, 4, 4), 2, conditional=True)
    dataset = run.dataset
    dataset.samples = torch.arange(64.0)[:, None, None, None].expand(64, 3, 4, 4)
    x, y = (part[:, 0, 0, 0].long() for part in real_pairs(dataset, 40_000))
    assert len(x) == 40_000
    assert torch.equal(dataset.labels[x], dataset.labels[y])
    assert not (x == y).any()
    assert set(x.tolist()) == set(range(64)) == set(y.tolist())
    partners = torch.bincount(y[x == 0], minlength=64)
    assert (partners > 0).sum() == (dataset.labels == dataset.labels[0]).all(1).sum() - 1


def test_labels_that_one_picture_has_alone_are_left_out():
    run = toy_run((3, 4, 4), 1, conditional=True)
    run.dataset.labels = torch.zeros(64, 1, dtype=torch.int64)
    run.dataset.labels[5] = 1
    x, _ = real_pairs(run.dataset, 500)
    assert not any(torch.equal(one, run.dataset.samples[5]) for one in x)
    run.dataset.labels = torch.arange(64)[:, None]
    scalars = look(run)
    assert math.isnan(scalars["ms_ssim.mean.real"])


class PictureOfClass(nn.Module):
    """One picture a class, whatever the latents."""

    def forward(self, z, labels):
        return noise(4, 16)[labels[:, 0] * 2 + labels[:, 1]]


def look(run, **params):
    return monitors.family.create("ms_ssim", params).measure(run.view()).scalars


def test_pairs_share_their_labels_so_one_picture_a_class_is_one():
    run = toy_run((3, 16, 16), 2, conditional=True)
    run.G = PictureOfClass()
    scalars = look(run)
    assert scalars["ms_ssim.mean"] == pytest.approx(1, rel=1e-12)
    assert scalars["ms_ssim.mean.error"] == pytest.approx(0, abs=1e-12)
    assert scalars["ms_ssim.mean.real"] < 0.5


class Pair(nn.Module):
    """Nothing but noise, fresh at every call; half of the pictures equal to a fixed one."""

    def forward(self, z, labels):
        fresh = torch.tanh(z[:, :1, None, None] * noise(1, 16))
        return torch.where(labels[:, :1, None, None] > 0, noise(1, 16), fresh)


def test_error_is_the_spread_over_pairs():
    run = toy_run((3, 16, 16), 2, conditional=True)
    run.G = Pair()
    view = run.view()
    labels = view.labels(50, view.generator)
    pictures = [view.generate(view.latents(50, view.generator), labels) for _ in range(2)]
    values = ms_ssim(*pictures).numpy()
    scalars = look(run, pairs=50)
    assert scalars["ms_ssim.mean"] == pytest.approx(values.mean(), rel=1e-12)
    assert scalars["ms_ssim.mean.error"] == pytest.approx(values.std(ddof=1) / math.sqrt(50), rel=1e-12)


def test_pixels_that_are_not_finite_give_nan():
    run = toy_run((3, 16, 16), 2, conditional=True)
    run.G = lambda z, labels: torch.full((len(z), 3, 16, 16), math.nan)
    run.G.eval = lambda: run.G
    scalars = look(run)
    assert math.isnan(scalars["ms_ssim.mean"])
    assert not math.isnan(scalars["ms_ssim.mean.real"])


def test_unconditional_g_is_said():
    with pytest.raises(ValueError, match="G takes no labels"):
        look(toy_run((3, 16, 16), 2))
