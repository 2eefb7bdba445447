import math

import pytest
import torch

from worker import datasets


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    grid = datasets.family.create("grid", {})
    grid.prepare(tmp_path_factory.mktemp("unused"))
    return grid


def test_modes_stand_at_the_published_places(grid):
    places = {(x, y) for x in (-4.0, -2.0, 0.0, 2.0, 4.0) for y in (-4.0, -2.0, 0.0, 2.0, 4.0)}
    assert {tuple(centre) for centre in grid.centres().tolist()} == places
    assert grid.judge.mode_names[:2] == ["(-4, -4)", "(-2, -4)"]
    assert len(grid.judge.mode_names) == 25


def test_modes_are_equally_full(grid):
    """The nearest place is had by rounding to even numbers: no judge is asked."""
    nearest = (grid.samples / 2).round().long() + 2
    counts = torch.bincount(nearest[:, 0] + 5 * nearest[:, 1], minlength=25)
    assert len(counts) == 25
    assert (counts - 4_000).abs().max() < 4.5 * math.sqrt(100_000 / 25 * 24 / 25)


def test_points_spread_as_published(grid):
    offsets = (grid.samples - 2 * (grid.samples / 2).round()).double()
    assert offsets.mean(0).abs().max() < 5 * 0.05 / math.sqrt(100_000)
    assert (offsets.std(0) / 0.05 - 1).abs().max() < 5 / math.sqrt(200_000)


def test_share_of_good_points_is_the_ceiling_of_a_perfect_sampler(grid):
    p = 1 - math.exp(-4.5)
    share = grid.judge(grid.samples).good.double().mean().item()
    assert abs(share - p) < 4 * math.sqrt(p * (1 - p) / 100_000)


def test_an_even_side_stands_around_the_origin(tmp_path):
    grid = datasets.family.create("grid", {"side": 2, "spacing": 3.0, "n": 100})
    grid.prepare(tmp_path)
    assert grid.centres().tolist() == [[-1.5, -1.5], [1.5, -1.5], [-1.5, 1.5], [1.5, 1.5]]
