import math

from tests.worker.guards.histories import cleared, live, of, raised

WELL = {"loss.d": 1.0, "loss.g": 2.0, "gradient.g.norm": 3.0, "modes.reverse_kl": math.nan}


def test_the_first_look_finds_it_and_names_it_and_the_first_finite_one_clears():
    ear = live([WELL, WELL | {"loss.d": math.nan, "gradient.g.norm": math.inf}, WELL], "non_finite")
    assert raised(ear, "non_finite") == [100]
    assert cleared(ear, "non_finite") == [150]
    body = ear.said[0][1]
    assert body.message == "gradient.g.norm is inf, loss.d is nan"
    assert math.isnan(body.evidence["loss.d"])
    assert body.evidence["gradient.g.norm"] == math.inf


def test_nan_that_is_an_answer_is_none():
    assert live([WELL] * 3, "non_finite").said == []


def test_three_are_named_and_the_others_counted():
    ear = live([{f"loss.{letter}": math.nan for letter in "abcde"}], "non_finite")
    assert ear.said[0][1].message.endswith("loss.c is nan and 2 more")


def test_a_single_infinite_look_is_raised_again_at_once():
    ear = live(of("loss.d", math.inf, 1.0, math.inf), "non_finite")
    assert raised(ear, "non_finite") == [50, 150]
