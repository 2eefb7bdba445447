from torch.testing import assert_close

from worker import regularisers
from worker.verdict import Verdict


def test_a_linear_critic_pays_exactly_the_square_of_its_weight(critic, view_of):
    penalty = regularisers.family.create("r2", {}).penalty(view_of(critic))
    assert penalty.item() == 44.0
    penalty.backward()
    assert_close(critic.weight.grad, 2 * critic.weight.detach(), rtol=1e-6, atol=0)


def test_a_quadratic_critic_pays_the_mean_square_of_the_fake_samples_alone(view_of):
    view = view_of(lambda x, labels: Verdict(logits=x.square().flatten(1).sum(1) / 2))  # ∇D(x) = x
    penalty = regularisers.family.create("r2", {}).penalty(view)
    assert_close(penalty, view.fake.square().sum() / 7, rtol=1e-6, atol=0)


def test_fake_samples_are_judged_with_their_own_labels(critic, view_of):
    view = view_of(critic)
    regularisers.family.create("r2", {}).penalty(view)
    assert [labels for _, labels in critic.seen] == [view.fake_labels]
