import pytest
import torch

from contract.runs import Slot
from worker.devices import Slots, cores, gpus


@pytest.mark.parametrize(
    ("allowed", "n_gpus", "expected"),
    [
        (None, 0, []),
        (None, 2, ["0", "1"]),
        ("3,1", 2, ["3", "1"]),
        ("3,9", 1, ["3"]),
        ("", 0, []),
        ("GPU-8932f937", 1, ["GPU-8932f937"]),
    ],
)
def test_gpus_are_named_as_this_process_was_given_them(
    monkeypatch: pytest.MonkeyPatch, allowed: str | None, n_gpus: int, expected: list[str]
) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if allowed is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", allowed)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    assert gpus() == expected


def test_counting_gpus_does_not_begin_to_use_them() -> None:
    gpus()
    assert not torch.cuda.is_initialized()


def test_cores_are_those_that_the_system_lets_us_use() -> None:
    import os

    assert cores() == len(os.sched_getaffinity(0))


def test_each_slot_sees_its_own_gpu_and_no_other() -> None:
    slots = Slots(3, ["3", "1"])
    with slots.take("a") as first, slots.take("b") as second, slots.take("c") as third:
        assert [place.device for place in (first, second, third)] == ["cuda:0", "cuda:1", "cuda:0"]
        assert [place.environment["CUDA_VISIBLE_DEVICES"] for place in (first, second, third)] == ["3", "1", "3"]


def test_slot_without_a_gpu_leaves_the_environment_alone() -> None:
    with Slots(1, []).take("a") as place:
        assert (place.device, dict(place.environment)) == ("cpu", {})


def test_slots_tell_what_trains_in_them_and_are_free_afterwards() -> None:
    slots = Slots(2, [])
    with slots.take("a"):
        with slots.take("b"):
            assert slots.describe() == [Slot(device="cpu", run="a"), Slot(device="cpu", run="b")]
        assert slots.describe() == [Slot(device="cpu", run="a"), Slot(device="cpu")]
    assert slots.describe() == [Slot(device="cpu"), Slot(device="cpu")]


def test_slot_is_free_again_after_an_error() -> None:
    slots = Slots(1, [])
    with pytest.raises(ZeroDivisionError), slots.take("a"):
        raise ZeroDivisionError
    with slots.take("b"):
        pass


def test_more_runs_than_slots_are_refused() -> None:
    slots = Slots(1, [])
    with (
        slots.take("a"),
        pytest.raises(RuntimeError, match="no free slot for run b: all 1 are in use"),
        slots.take("b"),
    ):
        pass
