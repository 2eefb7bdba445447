import pytest

from tests.worker.guards.histories import live, raised

WELL = {"loss.d.adversarial": 1.0, "logit.real": 0.5, "logit.fake": -0.5, "gradient.g.norm": 2.0}
FLOOR, FAR, VANISHED = {"loss.d.adversarial": 0.09}, {"logit.real": 3.0, "logit.fake": -3.0}, {"gradient.g.norm": 0.1}
N = 40


def after(change):
    """Forty healthy looks, then twenty with the change. The median of three follows one look later."""
    return raised(live([WELL] * N + [WELL | change] * 20, "d_wins"), "d_wins")


@pytest.mark.parametrize("change", [FLOOR, FAR, VANISHED])
def test_one_sign_is_none(change):
    assert after(change) == []


@pytest.mark.parametrize("change", [FLOOR | FAR, FLOOR | VANISHED, FAR | VANISHED])
def test_two_signs_are_one_victory(change):
    assert after(change) == [50 * (N + 3)]


def test_a_critic_without_a_floor_is_judged_by_the_other_two():
    critic = WELL | {"loss.d.adversarial": -1.0}
    history = [critic] * N + [critic | {"loss.d.adversarial": -50.0} | FAR] * 20
    assert raised(live(history, "d_wins"), "d_wins") == []
    assert raised(live([critic] * N + [critic | FAR | VANISHED] * 20, "d_wins"), "d_wins") == [50 * (N + 3)]


def test_what_was_so_from_the_start_is_usual():
    assert raised(live([WELL | FLOOR | FAR] * 60, "d_wins"), "d_wins") == []
