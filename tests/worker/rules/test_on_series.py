"""Lines and shares, look by look."""

import pytest

from worker.guards import Finding, Look
from worker.registry import InvalidParams
from worker.rules import family


def looks(rule, values):
    """What the rule says of one look each: True where it finds something."""
    said = [rule.judge(Look(step, {rule.params.series: value})) for step, value in enumerate(values, 1)]
    return [None if each is None else isinstance(each, Finding) for each in said]


@pytest.mark.parametrize(
    ("when", "values", "found"),
    [
        ("below", [1, 1, 1, 0.1, 0.1, 0.1], [None, None, False, False, True, True]),
        ("above", [0, 0, 0, 1, 1], [None, None, False, False, True]),
        ("drops", [4, 4, 4, 4, 4, 4, 1, 1], [None] * 4 + [False, False, False, True]),
        ("rises", [1, 1, 1, 1, 1, 4, 4], [None] * 4 + [False, False, True]),
        ("drops", [-1, -1, -1, -1, -9, -9, -9], [None] * 4 + [False, False, False]),
    ],
)
def test_a_line_is_crossed_by_the_median_of_three(when, values, found):
    params = {"series": "s", "when": when, "threshold": 0.5, "window": 2, "warmup": 0}
    assert looks(family.create("on_series", params), [float(value) for value in values]) == found


def test_what_is_not_measured_or_not_finite_does_not_count():
    rule = family.create("on_series", {"series": "s", "when": "above", "threshold": 0, "warmup": 2})
    values = [9.0, 9.0, 9.0, float("nan"), 9.0, float("inf"), 9.0]
    assert looks(rule, values) == [None, None, None, None, None, None, True]
    assert rule.judge(Look(8, {})) is None


@pytest.mark.parametrize(
    ("params", "words"),
    [({"do": "set"}, "set needs the name of the knob"), ({"do": "stop", "knob": "x.y"}, "stop takes no knob; got x.y")],
)
def test_a_rule_that_makes_no_sense_is_refused(params, words):
    with pytest.raises(InvalidParams, match=words):
        family.create("on_series", params)
