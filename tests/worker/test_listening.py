import pytest

from worker.listening import Listening


def beats(listening: Listening, n: int, *, n_waiting: int = 1, n_in_use: int = 0) -> list[bool]:
    return [listening.is_deaf(n_waiting=n_waiting, n_in_use=n_in_use) for _ in range(n)]


def test_idle_worker_beside_waiting_work_is_deaf_after_its_patience() -> None:
    assert beats(Listening(3), 4) == [False, False, True, True]


@pytest.mark.parametrize(("n_waiting", "n_in_use"), [(0, 0), (1, 1)])
def test_worker_without_waiting_work_or_with_a_run_is_not(n_waiting: int, n_in_use: int) -> None:
    listening = Listening(3)
    assert beats(listening, 9, n_waiting=n_waiting, n_in_use=n_in_use) == [False] * 9
    assert beats(listening, 3) == [False, False, True]


def test_message_that_came_starts_the_count_again() -> None:
    listening = Listening(3)
    beats(listening, 2)
    listening.heard()
    assert beats(listening, 4) == [False, False, False, True]
