import math

import torch
from torch.testing import assert_close

from worker import losses
from worker.verdict import Verdict

LOSS = losses.family.create("minimax", {})


def minus_log_sigmoid(t):
    return math.log(1 + math.exp(-t))


def test_zero_logits_cost_d_two_log_two_and_g_minus_log_two():
    undecided = Verdict(logits=torch.zeros(5))
    assert_close(LOSS.discriminator(undecided, undecided).item(), 2 * math.log(2), rtol=1e-6, atol=0)
    assert_close(LOSS.generator(None, undecided).item(), -math.log(2), rtol=1e-6, atol=0)


def test_equals_the_cross_entropies_worked_out_in_float64():
    real, fake = [1.5, -0.5], [0.25, -3.0]
    d = sum(map(minus_log_sigmoid, real)) / 2 + sum(minus_log_sigmoid(-t) for t in fake) / 2
    g = sum(math.log(1 - 1 / (1 + math.exp(-t))) for t in fake) / 2
    verdicts = Verdict(logits=torch.tensor(real)), Verdict(logits=torch.tensor(fake))
    assert_close(LOSS.discriminator(*verdicts).item(), d, rtol=1e-6, atol=0)
    assert_close(LOSS.generator(None, verdicts[1]).item(), g, rtol=1e-6, atol=0)


def test_the_game_has_a_sum_of_zero_in_what_g_can_move():
    logits = torch.tensor([0.5, -2.0, 3.0])
    of_g, of_d = logits.clone().requires_grad_(), logits.clone().requires_grad_()
    LOSS.generator(None, Verdict(logits=of_g)).backward()
    LOSS.discriminator(Verdict(logits=torch.zeros(3)), Verdict(logits=of_d)).backward()
    assert torch.equal(of_g.grad, -of_d.grad)


def test_gradient_of_g_is_minus_the_chance_that_d_gives_its_sample():
    logits = torch.tensor([-20.0, 0.0, 4.0], requires_grad=True)
    LOSS.generator(None, Verdict(logits=logits)).backward()
    chances = [1 / (1 + math.exp(-t)) for t in (-20, 0, 4)]
    assert_close(logits.grad.tolist(), [-chance / 3 for chance in chances], rtol=1e-5, atol=0)


def test_smoothed_targets_give_the_cross_entropy_to_them():
    real = Verdict(logits=torch.tensor([1.5, -0.5]), target=torch.tensor([0.9, 0.7]))
    fake = Verdict(logits=torch.tensor([0.25]))
    expected = (0.9 * minus_log_sigmoid(1.5) + 0.1 * minus_log_sigmoid(-1.5)) / 2
    expected += (0.7 * minus_log_sigmoid(-0.5) + 0.3 * minus_log_sigmoid(0.5)) / 2
    assert_close(LOSS.discriminator(real, fake).item(), expected + minus_log_sigmoid(-0.25), rtol=1e-6, atol=0)
