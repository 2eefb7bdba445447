import torch
from torch.testing import assert_close

from worker import losses
from worker.verdict import Verdict

LOSS = losses.family.create("least_squares", {})


def test_zero_logits_cost_a_half_each():
    zero = Verdict(logits=torch.zeros(4))
    assert LOSS.discriminator(zero, zero).item() == 0.5
    assert LOSS.generator(None, zero).item() == 0.5


def test_a_d_that_takes_no_side_costs_a_quarter_and_g_an_eighth():
    half = Verdict(logits=torch.full((4,), 0.5))
    assert LOSS.discriminator(half, half).item() == 0.25
    assert LOSS.generator(None, half).item() == 0.125


def test_worked_example():
    real, fake = Verdict(logits=torch.tensor([2.0, 0.5])), Verdict(logits=torch.tensor([-1.0, 0.5]))
    # D: real (1 + 0.25) / 4, fake (1 + 0.25) / 4.  G: (4 + 0.25) / 4.
    assert LOSS.discriminator(real, fake).item() == 0.3125 + 0.3125
    assert LOSS.generator(None, fake).item() == 1.0625


def test_smoothed_targets_take_the_place_of_one():
    real = Verdict(logits=torch.tensor([2.0, 0.5]), target=torch.tensor([0.5, 1.0]))
    # (1.5² + 0.5²) / 4
    value = LOSS.discriminator(real, Verdict(logits=torch.zeros(1))).item()
    assert_close(value, 0.625, rtol=1e-6, atol=0)
