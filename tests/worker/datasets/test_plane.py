"""The exact judge of Gaussian mixtures, against plain Python."""

import math

import torch

from worker.datasets._plane import GeometryJudge

CENTRES = [(1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]


def judge(std=0.01):
    return GeometryJudge(torch.tensor(CENTRES), std, ["east", "north", "west"])


def by_hand(x, y, std):
    distances = [math.dist((x, y), centre) for centre in CENTRES]
    nearest = min(range(len(CENTRES)), key=distances.__getitem__)
    return nearest, distances[nearest] < 3 * std


def test_agrees_with_brute_force():
    points = torch.randn(500, 2, generator=torch.Generator().manual_seed(0))
    judgement = judge(std=0.2)(points)
    expected = [by_hand(x, y, 0.2) for x, y in points.tolist()]
    assert judgement.mode.tolist() == [mode for mode, _ in expected]
    assert judgement.good.tolist() == [good for _, good in expected]
    assert 20 < judgement.good.sum() < 480


def test_three_standard_deviations_are_told_apart_to_a_millionth_of_the_radius():
    """Far more than 25 points, at which torch.cdist would go over to the inexact expansion of the square."""
    just_inside = torch.tensor([[10.0, 0.02999]]).repeat(100, 1)
    just_outside = torch.tensor([[10.0, 0.03001]]).repeat(100, 1)
    judge = GeometryJudge(torch.tensor([[10.0, 0.0], [-10.0, 0.0]]), 0.01, ["east", "west"])
    judgement = judge(torch.cat([just_inside, just_outside]))
    assert judgement.good.tolist() == [True] * 100 + [False] * 100


def test_what_is_no_number_is_not_good():
    judgement = judge()(torch.tensor([[math.nan, 0.0], [math.inf, 0.0], [1.0, 0.0]]))
    assert judgement.good.tolist() == [False, False, True]
    assert judgement.labels.shape == (3, 0)


def test_there_is_no_accuracy_for_what_is_exact():
    assert judge().accuracy == {}
