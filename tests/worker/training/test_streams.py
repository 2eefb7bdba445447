"""Data order and streams: every sample once an epoch, and the same again from a stored place."""

import torch

from worker.training.streams import DataOrder, Streams, seed_of, stream


def order(seed=3):
    return DataOrder(torch.arange(10.0)[:, None], torch.arange(10)[:, None], seed)


def test_every_sample_comes_once_an_epoch():
    ours = order()
    drawn = torch.cat([ours.next(4)[0] for _ in range(5)]).flatten()
    assert sorted(drawn[:10].tolist()) == list(range(10))
    assert sorted(drawn[10:].tolist()) == list(range(10))
    assert drawn[:10].tolist() != drawn[10:].tolist()


def test_a_batch_larger_than_the_set_takes_whole_epochs():
    samples, labels = order().next(23)
    assert len(samples) == 23
    assert (samples.flatten().bincount() if samples.dtype == torch.int64 else labels.flatten().bincount()).min() == 2


def test_labels_stay_with_their_samples():
    samples, labels = order().next(7)
    assert torch.equal(samples.long(), labels)


def test_the_order_goes_on_from_a_stored_place():
    ours = order()
    ours.next(13)
    stored = ours.state_dict()
    expected = [ours.next(4)[0] for _ in range(6)]
    other = order(seed=9)
    other.load_state_dict(stored)
    assert all(torch.equal(other.next(4)[0], batch) for batch in expected)


def test_streams_of_different_purposes_are_different_and_restorable():
    ours = Streams(1, torch.device("cpu"))
    stored = {name: value.clone() for name, value in ours.state_dict().items()}
    first = torch.rand(4, generator=ours.latents)
    assert not torch.equal(first, torch.rand(4, generator=ours.labels))
    ours.load_state_dict(stored)
    assert torch.equal(first, torch.rand(4, generator=ours.latents))


def test_a_seed_depends_on_every_part():
    assert len({seed_of(1, "a"), seed_of(1, "b"), seed_of(2, "a"), seed_of("1a"), seed_of("1", "a")}) == 4
    assert torch.equal(torch.rand(2, generator=stream("cpu", 1)), torch.rand(2, generator=stream("cpu", 1)))


def test_a_state_from_another_kind_of_device_gives_draws_of_its_own_again_and_again():
    """16 bytes are what a GPU's generator has for a state; a CPU's has some 5,000."""

    def draws(state):
        ours = Streams(1, torch.device("cpu"))
        states = {**ours.state_dict(), "latents": torch.tensor(state, dtype=torch.uint8)}
        ours.load_state_dict(states)
        return torch.rand(4, generator=ours.latents).tolist()

    assert draws([1] * 16) == draws([1] * 16)
    assert draws([1] * 16) != draws([2] * 16)
