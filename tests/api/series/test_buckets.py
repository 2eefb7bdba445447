"""Buckets against plain loops."""

import math
import random

import numpy as np
import pytest

from api.series.buckets import KEPT_BITS, coarsen, decode, join, summarise
from api.series.points import Points


def random_points(draw, n, reach):
    steps = sorted(draw.sample(range(reach), n))
    values = [draw.choice([draw.gauss(0, 1), math.nan, math.inf, -math.inf]) for _ in steps]
    return Points(np.array(steps, np.int64), np.array(values, np.float64))


def by_loops(points, bits):
    """bucket → (low, high, last, nonfinite), by definition."""
    found = {}
    for step, value in zip(points.steps.tolist(), points.values.tolist(), strict=True):
        found.setdefault(step >> bits, []).append(value)
    answer = {}
    for index, values in found.items():
        finite = [value for value in values if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
        answer[index] = (low, high, values[-1], len(values) - len(finite))
    return answer


def as_dict(buckets):
    columns = (buckets.low, buckets.high, buckets.last, buckets.nonfinite)
    return {i: row for i, *row in zip(buckets.index.tolist(), *(c.tolist() for c in columns), strict=True)}


def same(found, wanted):
    assert list(found) == sorted(wanted)
    for index, row in found.items():
        assert repr(tuple(row)) == repr(wanted[index])  # repr: NaN equals NaN


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("bits", [0, 1, 3, 6, 9])
def test_summaries_are_what_loops_say(seed, bits):
    points = random_points(random.Random(seed), 400, 3000)
    same(as_dict(summarise(points, bits)), by_loops(points, bits))


@pytest.mark.parametrize("seed", range(5))
def test_coarser_buckets_of_kept_ones_are_the_buckets_of_the_points(seed):
    points = random_points(random.Random(seed), 1000, 20_000)
    half = len(points) // 2  # a chunk's end need not be a bucket's end: two halves of one bucket
    kept = [Points(points.steps[:half], points.values[:half]), Points(points.steps[half:], points.values[half:])]
    joined = join([decode([summarise(part, KEPT_BITS).encode() for part in kept])])
    for bits in (6, 7, 10, 30):
        same(as_dict(coarsen(joined, bits)), by_loops(points, bits))


def test_nothing_has_no_buckets():
    nothing = Points(np.empty(0, np.int64), np.empty(0, np.float64))
    assert len(summarise(nothing, 3)) == 0
    assert len(join([decode([])])) == 0


def test_first_steps_are_multiples_of_the_width():
    points = Points(np.array([70, 200]), np.array([1.0, 2.0]))
    assert summarise(points, 6).first_steps.tolist() == [64, 192]
