import pytest
import torch

from worker import losses
from worker.registry import InvalidParams
from worker.verdict import Verdict


@pytest.mark.parametrize("margin", [1.0, 2.5])
def test_zero_logits_cost_d_two_margins_and_g_nothing(margin):
    loss = losses.family.create("hinge", {"margin": margin})
    undecided = Verdict(logits=torch.zeros(3))
    assert loss.discriminator(undecided, undecided).item() == 2 * margin
    assert loss.generator(None, undecided).item() == 0


def test_worked_example():
    loss = losses.family.create("hinge", {})
    real, fake = Verdict(logits=torch.tensor([2.0, 0.5])), Verdict(logits=torch.tensor([-3.0, 0.5]))
    # D: real (0 + 0.5) / 2, fake (0 + 1.5) / 2.  G: -(-3 + 0.5) / 2.
    assert loss.discriminator(real, fake).item() == 0.25 + 0.75
    assert loss.generator(real, fake).item() == 1.25


def test_samples_beyond_the_margin_teach_d_nothing():
    loss = losses.family.create("hinge", {})
    logits = torch.tensor([1.5, 0.5], requires_grad=True)
    loss.discriminator(Verdict(logits=logits), Verdict(logits=torch.tensor([-2.0]))).backward()
    assert logits.grad.tolist() == [0.0, -0.5]


def test_margin_is_read_at_each_step():
    loss = losses.family.create("hinge", {})
    undecided = Verdict(logits=torch.zeros(3))
    loss.params.margin = 3.0
    assert loss.discriminator(undecided, undecided).item() == 6.0


def test_margin_of_zero_is_refused_in_words():
    with pytest.raises(InvalidParams, match=r"hinge.*margin.*greater than 0; got 0"):
        losses.family.create("hinge", {"margin": 0})
