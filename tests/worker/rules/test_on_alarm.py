"""Acts while the alarm of its guard is raised, with that guard's evidence."""

import pytest

from contract.ramps import Wish
from worker.guards import Clear, Finding, Look
from worker.rules import Act, family


def test_only_the_named_guards_alarm_counts():
    rule = family.create("on_alarm", {"alarm": "collapse"})
    assert isinstance(rule.judge(Look(50, {}, raised={"d_wins": {"loss.d": 0.0}})), Clear)
    found = rule.judge(Look(100, {}, raised={"d_wins": {}, "collapse": {"modes.captured": 3.0}}))
    assert isinstance(found, Finding)
    assert (found.message, found.evidence) == ("alarm of collapse", {"modes.captured": 3.0})


@pytest.mark.parametrize(
    ("params", "act"),
    [
        ({"do": "pause"}, Act(command="pause", back=500)),
        (
            {"do": "set", "knob": "r1.weight", "to": 2, "over": 9, "shape": "pulse"},
            Act(knobs={"r1.weight": Wish(to=2.0, over=9, shape="pulse")}),
        ),
        (
            {"do": "rewind", "knob": "r1.weight", "to": 2, "back": 7},
            Act(knobs={"r1.weight": Wish(to=2.0)}, command="rewind", back=7),
        ),
    ],
)
def test_what_it_does(params, act):
    rule = family.create("on_alarm", params)
    assert rule.act(Finding("", {}), {}) == act
