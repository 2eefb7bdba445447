from tests.worker.guards.histories import live, raised

SERIES = ("loss.d", "loss.g", "logit.real", "logit.fake")


def swing(size, looks, names=SERIES):
    """All series swing around 1 by that much."""
    return [dict.fromkeys(names, 1.0 + size * (-1) ** look) for look in range(looks)]


def test_what_stands_still_is_found_when_the_whole_window_does():
    """Step 500 ends the warm-up, 1,500 the healthy window. Of the newest 20 looks a MAD of 0 needs 11 still ones."""
    ear = live([*swing(0.1, 60), *swing(0.0, 30)], "stagnation")
    assert raised(ear, "stagnation") == [50 * (60 + 11 + 1)]


def test_the_threshold_is_a_hundredth_of_the_healthy_spread():
    assert raised(live([*swing(0.1, 60), *swing(0.0009, 60)], "stagnation"), "stagnation") != []
    assert raised(live([*swing(0.1, 60), *swing(0.0011, 60)], "stagnation"), "stagnation") == []


def test_one_series_that_moves_is_enough():
    still = swing(0.0, 60)
    moving = [values | {"logit.fake": swing(0.1, 60)[look]["logit.fake"]} for look, values in enumerate(still)]
    assert raised(live([*swing(0.1, 60), *moving], "stagnation"), "stagnation") == []


def test_a_game_that_never_moved_is_found_too():
    assert raised(live(swing(0.0, 90), "stagnation"), "stagnation") == [50 * (10 + 20 + 20 + 1)]
