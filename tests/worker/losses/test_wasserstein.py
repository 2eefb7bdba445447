import torch

from worker import losses
from worker.verdict import Verdict

LOSS = losses.family.create("wasserstein", {})


def test_zero_logits_cost_nothing():
    undecided = Verdict(logits=torch.zeros(3))
    assert LOSS.discriminator(undecided, undecided).item() == 0
    assert LOSS.generator(None, undecided).item() == 0


def test_worked_example():
    real, fake = Verdict(logits=torch.tensor([3.0, 1.0])), Verdict(logits=torch.tensor([-1.0, 2.0]))
    assert LOSS.discriminator(real, fake).item() == 0.5 - 2.0
    assert LOSS.generator(real, fake).item() == -0.5


def test_an_optimal_critic_gives_minus_the_distance_between_shifted_clouds():
    real = torch.linspace(0, 1, 11)
    fake = real - 0.75
    identity = Verdict(logits=real), Verdict(logits=fake)  # D(x) = x is optimal for a shift
    torch.testing.assert_close(LOSS.discriminator(*identity).item(), -0.75, rtol=1e-6, atol=0)
