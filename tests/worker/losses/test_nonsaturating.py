import math

import torch
from torch.testing import assert_close

from worker import losses
from worker.verdict import Verdict

LOSS = losses.family.create("nonsaturating", {})


def test_zero_logits_cost_log_two_a_question():
    undecided = Verdict(logits=torch.zeros(5))
    assert_close(LOSS.discriminator(undecided, undecided).item(), 2 * math.log(2), rtol=1e-6, atol=0)
    assert_close(LOSS.generator(None, undecided).item(), math.log(2), rtol=1e-6, atol=0)


def test_equals_the_cross_entropies_worked_out_in_float64():
    real, fake = [1.5, -0.5], [0.25, -3.0]

    def minus_log_sigmoid(t):
        return -math.log(1 / (1 + math.exp(-t)))

    d = sum(map(minus_log_sigmoid, real)) / 2 + sum(minus_log_sigmoid(-t) for t in fake) / 2
    g = sum(map(minus_log_sigmoid, fake)) / 2
    verdicts = Verdict(logits=torch.tensor(real)), Verdict(logits=torch.tensor(fake))
    assert_close(LOSS.discriminator(*verdicts).item(), d, rtol=1e-6, atol=0)
    assert_close(LOSS.generator(*verdicts).item(), g, rtol=1e-6, atol=0)


def test_a_sure_and_wrong_answer_costs_its_logit():
    sure = Verdict(logits=torch.full((3,), 100.0))
    assert LOSS.generator(None, Verdict(logits=-sure.logits)).item() == 100.0
    assert LOSS.discriminator(sure, sure).item() == 100.0
