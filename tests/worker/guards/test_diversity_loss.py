from tests.worker.guards.histories import live, of, raised


def test_half_of_its_own_best_is_the_threshold():
    well = [0.8] * 20
    assert raised(live(of("diversity.ratio", *well, 0.39, 0.39), "diversity_loss"), "diversity_loss") == [1100]
    assert raised(live(of("diversity.ratio", *well, *[0.41] * 9), "diversity_loss"), "diversity_loss") == []


def test_a_run_that_never_had_half_of_the_datas_spread_has_none_to_lose():
    assert raised(live(of("diversity.ratio", *[0.49] * 20, *[0.1] * 9), "diversity_loss"), "diversity_loss") == []
    assert raised(live(of("diversity.ratio", *[0.51] * 20, *[0.1] * 9), "diversity_loss"), "diversity_loss") == [1100]


def test_a_slow_fall_is_held_against_the_best_and_not_against_yesterday():
    """1.0, 0.99, 0.98 …: the best is the first median, 1.0; the looks at 0.49 and 0.48 are the first two below half."""
    values = [1.0] * 14 + [1.0 - 0.01 * step for step in range(1, 80)]
    assert raised(live(of("diversity.ratio", *values), "diversity_loss"), "diversity_loss") == [50 * (14 + 52)]
