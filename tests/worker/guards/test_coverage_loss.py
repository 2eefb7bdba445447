import math

import pytest

from contract.events import AlarmRaised
from tests.worker.guards.histories import cleared, live, of, raised

FOUND = [8] * 20


def modes(*values):
    return of("modes.captured", *values)


def test_modes_that_are_gone_are_found_at_the_second_look_and_found_again_after_two_good_ones():
    """Steps 50 to 1,000 are well; 3 of 8 is below half: the first look at it is step 1,050, the second 1,100."""
    ear = live(modes(*FOUND, 3, 3, 3, 8, 8, 8), "coverage_loss")
    assert raised(ear, "coverage_loss") == [1100]
    assert cleared(ear, "coverage_loss") == [1250]
    [(_, body)] = ear.of(AlarmRaised)
    assert body.message == "modes captured: 3, 38% of the run's own best 8, less than 50%"
    assert body.evidence == {"modes.captured": 3.0, "modes.captured.best": 8.0}


def test_half_of_the_modes_are_not_below_half():
    assert raised(live(modes(*FOUND, *[4] * 20), "coverage_loss"), "coverage_loss") == []


def test_one_bad_look_is_no_loss_and_one_lucky_look_no_best():
    assert raised(live(modes(*FOUND, 1, 8, 1, 8), "coverage_loss"), "coverage_loss") == []
    assert raised(live(modes(*[4] * 20, 25, *[4] * 20), "coverage_loss"), "coverage_loss") == []


def test_what_was_never_found_cannot_be_lost():
    assert raised(live(modes(*[2] * 30, 0, 0, 0), "coverage_loss"), "coverage_loss") == []
    assert raised(live(modes(*[3] * 30, 1, 1), "coverage_loss"), "coverage_loss") == [1600]


def test_nothing_is_found_before_the_best_is_known():
    """Warm-up to step 500, then four looks: the fourth, step 700, is the first that can be judged."""
    early = live(modes(*[8] * 13, 0, 0), "coverage_loss")
    assert raised(early, "coverage_loss") == [750]
    assert raised(live(modes(*[8] * 6, *[0] * 20), "coverage_loss"), "coverage_loss") == []


def test_a_look_without_a_number_says_nothing():
    """NaN is no mode count: two low looks with one between them that cannot be judged are still two in a row."""
    assert raised(live(modes(*FOUND, 2, math.nan, 2), "coverage_loss"), "coverage_loss") == [1150]
    gap = [*modes(*FOUND, 2), {}, *modes(2)]
    assert raised(live(gap, "coverage_loss"), "coverage_loss") == [1150]


def test_share_is_a_knob_and_the_series_a_choice():
    params = {"series": "coverage.recall", "share": 0.9, "least": 0}
    ear = live(of("coverage.recall", *[0.8] * 20, 0.7, 0.7), ("coverage_loss", params))
    assert raised(ear, "coverage_loss") == [1100]
    with pytest.raises(ValueError, match="share"):
        live([], ("coverage_loss", {"share": 1.0}))
