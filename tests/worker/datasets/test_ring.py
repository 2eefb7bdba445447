import cmath
import math

import pytest
import torch

from worker import datasets
from worker.registry import InvalidParams


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    ring = datasets.family.create("ring", {})
    ring.prepare(tmp_path_factory.mktemp("unused"))
    return ring


def roots_of_unity(n):
    return torch.tensor(
        [[root.real, root.imag] for root in (cmath.exp(2j * math.pi * k / n) for k in range(n))], dtype=torch.float64
    )


def test_modes_stand_at_the_eighth_roots_of_unity(ring):
    torch.testing.assert_close(ring.centres(), roots_of_unity(8), rtol=0, atol=1e-15)


def test_modes_are_eight_different_ones_and_equally_full(ring):
    """A ring made with linspace(0, 2π, 8) has seven, one of them twice as full."""
    counts = torch.bincount(ring.judge(ring.samples).mode, minlength=8)
    standard_error = math.sqrt(100_000 * 1 / 8 * 7 / 8)
    assert counts.sum() == 100_000
    assert (counts - 12_500).abs().max() < 4.5 * standard_error


def test_each_mode_has_the_published_spread(ring):
    mode = ring.judge(ring.samples).mode
    for k, centre in enumerate(roots_of_unity(8)):
        offsets = (ring.samples[mode == k] - centre).double()
        n = len(offsets)
        assert offsets.mean(0).abs().max() < 5 * 0.01 / math.sqrt(n)
        assert (offsets.std(0) / 0.01 - 1).abs().max() < 5 / math.sqrt(2 * n)
        assert abs(torch.corrcoef(offsets.T)[0, 1]) < 5 / math.sqrt(n)


def test_share_of_good_points_is_the_ceiling_of_a_perfect_sampler(ring):
    p = 1 - math.exp(-4.5)
    share = ring.judge(ring.samples).good.double().mean().item()
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 100_000)


def test_points_are_the_same_every_time_and_nothing_is_cached(ring, tmp_path):
    again = datasets.family.create("ring", {})
    again.prepare(tmp_path)
    assert torch.equal(again.samples, ring.samples)
    assert list(tmp_path.iterdir()) == []


def test_params_move_the_modes(tmp_path):
    ring = datasets.family.create("ring", {"modes": 3, "radius": 2.0, "std": 0.5, "n": 100})
    ring.prepare(tmp_path)
    torch.testing.assert_close(ring.centres(), 2 * roots_of_unity(3), rtol=0, atol=1e-15)
    assert ring.samples.shape == (100, 2)
    assert ring.judge.mode_names == ["(2, 0)", "(-1, 1.73)", "(-1, -1.73)"]


@pytest.mark.parametrize("params", [{"modes": 1}, {"radius": 0.0}, {"std": -0.01}, {"n": 10}])
def test_params_out_of_bounds_are_refused(params):
    with pytest.raises(InvalidParams, match=next(iter(params))):
        datasets.family.create("ring", params)
