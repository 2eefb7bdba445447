import math

import pytest
import torch
from torch.testing import assert_close

from worker import losses
from worker.verdict import Verdict

LOSS = losses.family.create("relativistic", {})


def minus_log_sigmoid(t):
    return math.log(1 + math.exp(-t))


def test_equal_logits_cost_log_two_each():
    same = Verdict(logits=torch.tensor([0.0, 3.0]))
    assert_close(LOSS.discriminator(same, same).item(), math.log(2), rtol=1e-6, atol=0)
    assert_close(LOSS.generator(same, same).item(), math.log(2), rtol=1e-6, atol=0)


def test_equals_the_pairs_worked_out_in_float64():
    real, fake = [1.5, -0.5, 2.0], [0.25, -3.0, 2.5]
    gaps = [r - f for r, f in zip(real, fake, strict=True)]
    verdicts = Verdict(logits=torch.tensor(real)), Verdict(logits=torch.tensor(fake))
    d, g = sum(map(minus_log_sigmoid, gaps)) / 3, sum(minus_log_sigmoid(-gap) for gap in gaps) / 3
    assert_close(LOSS.discriminator(*verdicts).item(), d, rtol=1e-6, atol=0)
    assert_close(LOSS.generator(*verdicts).item(), g, rtol=1e-6, atol=0)


def test_only_differences_count():
    real, fake = torch.tensor([1.5, -0.5]), torch.tensor([0.25, -3.0])
    one = LOSS.discriminator(Verdict(logits=real), Verdict(logits=fake))
    moved = LOSS.discriminator(Verdict(logits=real + 7), Verdict(logits=fake + 7))
    assert_close(moved, one, rtol=1e-6, atol=0)


def test_samples_are_compared_with_their_own_partner():
    real, fake = torch.tensor([5.0, -5.0]), torch.tensor([4.0, -6.0])
    as_paired = LOSS.discriminator(Verdict(logits=real), Verdict(logits=fake)).item()
    crossed = LOSS.discriminator(Verdict(logits=real), Verdict(logits=fake.flip(0))).item()
    assert_close(as_paired, minus_log_sigmoid(1), rtol=1e-6, atol=0)
    assert_close(crossed, (minus_log_sigmoid(11) + minus_log_sigmoid(-9)) / 2, rtol=1e-6, atol=0)


def test_the_real_verdict_cannot_be_left_out():
    with pytest.raises(ValueError, match="needs D's answer on real samples"):
        LOSS.generator(None, Verdict(logits=torch.zeros(1)))
