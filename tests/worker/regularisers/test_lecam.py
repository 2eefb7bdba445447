import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.verdict import Verdict

REAL = ([1.0, 3.0, -2.0, 0.0], [2.0, 0.0, 0.0, 0.0])
FAKE = ([0.5, -0.5, 2.0, -1.0], [1.0, 1.0, 1.0, 1.0])


@pytest.fixture
def answers(view_of, critic):
    """A view at a step at which D answered these logits."""

    def make(real, fake, step=1001):
        given = view_of(critic)
        on = {which: Verdict(logits=torch.tensor(logits)) for which, logits in (("on_real", real), ("on_fake", fake))}
        return type(given)(**{**vars(given), **on, "step": step})

    return make


def relu2(values):
    return sum(max(value, 0.0) ** 2 for value in values) / len(values)


def by_hand(real, fake, average_real, average_fake):
    return relu2([value - average_fake for value in real]) + relu2([average_real - value for value in fake])


def test_first_batch_is_measured_against_its_own_means(answers):
    penalty = regularisers.family.create("lecam", {}).penalty(answers(REAL[0], FAKE[0]))
    assert_close(penalty.item(), by_hand(REAL[0], FAKE[0], 0.5, 0.25), rtol=1e-6, atol=0)


def test_averages_move_by_each_batch_before_they_are_used(answers):
    component = regularisers.family.create("lecam", {})
    component.params.decay = 0.9
    component.penalty(answers(REAL[0], FAKE[0]))
    penalty = component.penalty(answers(REAL[1], FAKE[1]))
    # means 0.5, 0.25, then 0.5, 1.0
    assert_close(penalty.item(), by_hand(REAL[1], FAKE[1], 0.5, 0.9 * 0.25 + 0.1), rtol=1e-6, atol=0)


def test_up_to_its_start_nothing_is_paid_and_averages_follow_the_batch(answers):
    component = regularisers.family.create("lecam", {})
    assert component.penalty(answers(REAL[0], FAKE[0], step=999)).item() == 0.0
    assert component.penalty(answers(REAL[1], FAKE[1], step=1000)).item() == 0.0
    penalty = component.penalty(answers(REAL[0], FAKE[0], step=1001))
    expected = by_hand(REAL[0], FAKE[0], 0.5, 0.99 * 1.0 + 0.01 * 0.25)
    assert_close(penalty.item(), expected, rtol=1e-6, atol=0)


def test_averages_are_constants_of_the_gradient(answers):
    view = answers(REAL[0], FAKE[0])
    view.on_real.logits.requires_grad_()
    view.on_fake.logits.requires_grad_()
    regularisers.family.create("lecam", {}).penalty(view).backward()
    # 2 relu(D - 0.25) / 4 and -2 relu(0.5 - D) / 4
    assert_close(view.on_real.logits.grad, torch.tensor([0.375, 1.375, 0.0, 0.0]))
    assert_close(view.on_fake.logits.grad, torch.tensor([0.0, -0.5, 0.0, -0.75]))


def test_goes_on_from_its_state(answers):
    first, second = (regularisers.family.create("lecam", {}) for _ in range(2))
    assert first.state_dict() == {}
    first.penalty(answers(REAL[0], FAKE[0]))
    second.load_state_dict({name: tensor.clone() for name, tensor in first.state_dict().items()})
    one, other = (component.penalty(answers(REAL[1], FAKE[1])) for component in (first, second))
    assert torch.equal(one, other)
    assert one.item() != regularisers.family.create("lecam", {}).penalty(answers(REAL[1], FAKE[1])).item()
