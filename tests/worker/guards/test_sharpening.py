import math

from tests.worker.guards.histories import live, of, raised

SERIES = "hessian.g.top"


def test_five_times_the_usual_is_found_and_four_times_is_not():
    """The median of the newest three passes with the second high value; patience asks for one look more."""
    assert raised(live(of(SERIES, *[2.0] * 30, 11.0, 11.0, 11.0), "sharpening"), "sharpening") == [1650]
    assert raised(live(of(SERIES, *[2.0] * 30, *[8.0] * 10), "sharpening"), "sharpening") == []


def test_usual_is_fixed_after_its_window():
    """1.1 times as sharp every look: measured against the first eight values after the warm-up, not the latest."""
    values = [1.0] * 18 + [1.1**step for step in range(1, 40)]
    # 1.1**17 = 5.05 is the first above 5; the median of three is there one look later, patience asks for one more.
    assert raised(live(of(SERIES, *values), "sharpening"), "sharpening") == [50 * (18 + 17 + 2)]


def test_a_curvature_that_swings_around_zero_is_measured_by_its_spread():
    swinging = [-1.0, 1.0] * 10
    assert raised(live(of(SERIES, *[0.0] * 10, *swinging, 7.0, 7.0, 7.0), "sharpening"), "sharpening") == []
    assert raised(live(of(SERIES, *[0.0] * 10, *swinging, 8.0, 8.0, 8.0), "sharpening"), "sharpening") == [1650]


def test_infinity_is_not_judged_here():
    assert raised(live(of(SERIES, *[2.0] * 30, *[math.inf] * 5), "sharpening"), "sharpening") == []
