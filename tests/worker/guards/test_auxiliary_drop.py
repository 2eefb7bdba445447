import math

from contract.events import AlarmRaised
from tests.worker.guards.histories import live, raised

N = 30


def looks(loss, accuracy, n):
    values = {"auxiliary.hair.loss": loss, "samples.hair.loss": loss, "samples.hair.accuracy": accuracy}
    return [{name: value for name, value in values.items() if value is not None}] * n


def test_a_fall_that_samples_do_not_follow_is_found():
    """4 in all, then 1: the median of the newest three is 1 at the second look after the fall; one more by patience."""
    ear = live([*looks(2.0, 0.3, N), *looks(0.5, 0.3, 8)], "auxiliary_drop")
    assert raised(ear, "auxiliary_drop") == [50 * (N + 3)]
    [(_, body)] = ear.of(AlarmRaised)
    assert body.evidence == {
        "label losses": 1.0,
        "label losses.before": 4.0,
        "samples.accuracy": 0.3,
        "samples.accuracy.before": 0.3,
    }


def test_a_fall_that_samples_follow_is_learning():
    assert raised(live([*looks(2.0, 0.3, N), *looks(0.5, 0.45, 20)], "auxiliary_drop"), "auxiliary_drop") == []


def test_where_samples_obey_already_there_is_nothing_to_follow():
    assert raised(live([*looks(2.0, 0.95, N), *looks(0.5, 0.95, 20)], "auxiliary_drop"), "auxiliary_drop") == []


def test_a_fall_by_less_than_half_is_none():
    assert raised(live([*looks(2.0, 0.3, N), *looks(1.1, 0.3, 20)], "auxiliary_drop"), "auxiliary_drop") == []


def test_without_a_judge_the_fall_alone_is_found_and_that_is_said():
    ear = live([*looks(2.0, None, N), *looks(0.5, None, 8)], "auxiliary_drop")
    [(step, body)] = ear.of(AlarmRaised)
    assert step == 50 * (N + 3)
    assert "nothing measures whether samples obey" in body.message


def test_a_loss_that_is_no_number_is_not_judged():
    assert raised(live([*looks(2.0, 0.3, N), *looks(math.nan, 0.3, 20)], "auxiliary_drop"), "auxiliary_drop") == []
