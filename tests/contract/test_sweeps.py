"""Axes of a sweep: the values between two ends, and what is no axis."""

import itertools
import math

import pytest
from pydantic import ValidationError

from contract.sweeps import AxisRange, CreateSweep


def values(**given):
    return AxisRange.model_validate(given).values()


def test_linear_values_have_equal_differences():
    assert values(**{"from": 0.1, "to": 0.5}, count=5) == [0.1, 0.2, 0.3, 0.4, 0.5]
    assert values(**{"from": 1, "to": -1}, count=3) == [1, 0, -1]


def test_log_values_have_equal_ratios():
    found = values(**{"from": 1e-4, "to": 3e-2}, count=7, scale="log")
    ratios = [after / before for before, after in itertools.pairwise(found)]
    assert ratios == pytest.approx([math.pow(300, 1 / 6)] * 6, rel=1e-9)
    assert (found[0], found[-1]) == (1e-4, 3e-2)


def test_whole_numbers_stay_whole_and_fractions_do_not_appear_from_rounding():
    found = values(**{"from": 8, "to": 64}, count=4, scale="log")
    assert found == [8, 16, 32, 64]
    assert all(isinstance(value, int) for value in found)
    assert repr(values(**{"from": 0.01, "to": 10.0}, count=4, scale="log")) == "[0.01, 0.1, 1.0, 10.0]"


@pytest.mark.parametrize(
    ("axis", "where", "words"),
    [
        ([], "axes.a.values", "at least 1 item"),
        ([0] * 201, "axes.a.values", "at most 200 items"),
        (3, "axes.a.values", "a valid list"),
        ({"from": 1, "to": 2}, "axes.a.range.count", "required"),
        ({"from": 1, "to": 2, "count": 1}, "axes.a.range.count", "greater than or equal to 2"),
        ({"from": 0, "to": 2, "count": 3, "scale": "log"}, "axes.a.range", "both ends above 0"),
        ({"from": 2, "to": 2, "count": 3}, "axes.a.range", "must differ"),
        ({"from": 1, "to": "Infinity", "count": 3}, "axes.a.range.to", "finite"),
        ({"from": 1, "to": 2, "count": 3, "step": 1}, "axes.a.range.step", "not permitted"),
    ],
)
def test_what_is_no_axis_is_refused_at_its_place(axis, where, words):
    with pytest.raises(ValidationError) as caught:
        CreateSweep.model_validate({"recipe": "x", "axes": {"a": axis}})
    found = {".".join(map(str, error["loc"])): error["msg"] for error in caught.value.errors()}
    assert words in found[where]
