"""The law by hand: k · exp(± gain · e), held to its bounds."""

import math

import pytest

from worker.guards import Look
from worker.rules import family


def test_hold_turns_by_the_formula_and_rests_at_the_bounds():
    rule = family.create("hold", {"series": "s", "target": 2.0, "knob": "k", "larger_knob": "lowers", "gain": 0.5,
                                  "low": 0.1, "high": 3.0, "smooth": 2})  # fmt: skip
    assert rule.judge(Look(1, {"s": 3.0})) is None, "one look is no mean yet"
    finding = rule.judge(Look(2, {"s": 4.0}))
    assert finding.evidence == {"s": 3.5}
    assert rule.act(finding, {"k": 1.0}).knobs["k"].to == pytest.approx(math.exp(0.5 * 0.75))
    assert rule.act(finding, {"k": 3.0}) is None, "as high as it may"
    assert rule.act(finding, {"k": 0.0}).knobs["k"].to == pytest.approx(0.1 * math.exp(0.375))
    assert rule.judge(Look(3, {"s": float("nan")})) is None


@pytest.mark.parametrize(("larger_knob", "factor"), [("lowers", math.exp(-0.5)), ("raises", math.exp(0.5))])
def test_an_error_counts_at_most_once_and_the_sign_is_the_knobs(larger_knob, factor):
    params = {"series": "s", "target": 1.0, "knob": "k", "larger_knob": larger_knob, "gain": 0.5, "smooth": 1}
    rule = family.create("hold", params)
    act = rule.act(rule.judge(Look(1, {"s": -50.0})), {"k": 1e-4})
    assert act.knobs["k"].to == pytest.approx(1e-4 * factor)
