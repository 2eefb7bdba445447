import math

from tests.worker.guards.histories import cleared, live, of, raised

WELL = [1.0, 1.1, 0.9] * 10


def test_the_limit_is_the_median_and_thirty_spreads_of_at_least_a_quarter_of_it():
    """M = 1, S = max(1.4826 · 0.1, 1/4) = 0.25: the limit is 8.5."""
    assert raised(live(of("loss.g", *WELL, *[8.4] * 9), "divergence"), "divergence") == []
    assert raised(live(of("loss.g", *WELL, 8.6, 8.6), "divergence"), "divergence") == [1600]


def test_loss_of_minus_a_thousand_is_as_far_as_one_of_a_thousand():
    assert raised(live(of("loss.g", *WELL, -1000.0, -1000.0), "divergence"), "divergence") == [1600]


def test_a_slow_drift_is_followed():
    assert raised(live(of("loss.d", *[1.05**look for look in range(200)]), "divergence"), "divergence") == []


def test_a_jump_that_stays_is_taken_for_usual_after_a_window_and_that_is_said():
    ear = live(of("loss.d", *WELL, *[50.0] * 40), "divergence")
    assert raised(ear, "divergence") == [1600]
    # The twentieth look at it is step 2,500; patience asks for a second quiet one.
    assert cleared(ear, "divergence") == [2550]


def test_nan_diverges_even_before_anything_is_known_and_is_never_taken_for_usual():
    ear = live(of("loss.d", *[math.nan] * 60), "divergence")
    assert raised(ear, "divergence") == [600]
    assert cleared(ear, "divergence") == []
    later = live(of("loss.d", *WELL, *[math.inf] * 60), "divergence")
    assert (raised(later, "divergence"), cleared(later, "divergence")) == ([1600], [])


def test_the_newest_values_are_the_past_and_those_found_are_not():
    """After the jump is over the old median still holds: 8.6 is found again."""
    ear = live(of("loss.g", *WELL, *[100.0] * 5, *WELL[:12], 8.6, 8.6), ("divergence", {"cool_down": 0}))
    assert raised(ear, "divergence") == [1600, 50 * (30 + 5 + 12 + 2)]
