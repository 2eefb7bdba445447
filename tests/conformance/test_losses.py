"""What every loss must keep to: sign, mean, finite values. A new file in worker/losses is taken up by itself."""

import pytest
import torch

from worker import losses
from worker.verdict import Verdict

EVERY_LOSS = pytest.mark.parametrize("name", losses.family.names)
EXTREMES = torch.tensor([-100.0, -50.0, -1.0, 0.0, 1.0, 50.0, 100.0])


def verdict(logits):
    return Verdict(logits=logits)


def gradients(loss, player, real, fake):
    """∂loss/∂real logits and ∂loss/∂fake logits; zeros where the loss does not look."""
    real, fake = real.clone().requires_grad_(), fake.clone().requires_grad_()
    value = getattr(loss, player)(verdict(real), verdict(fake))
    return torch.autograd.grad(value, (real, fake), allow_unused=True, materialize_grads=True)


@EVERY_LOSS
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_value_is_a_finite_scalar_and_so_are_gradients_at_extreme_logits(name, player):
    loss = losses.family.create(name, {})
    real, fake = (grid.flatten() for grid in torch.meshgrid(EXTREMES, EXTREMES, indexing="ij"))
    value = getattr(loss, player)(verdict(real), verdict(fake))
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients(loss, player, real, fake))


@EVERY_LOSS
def test_at_zero_logits_d_wants_real_up_and_fake_down(name):
    on_real, on_fake = gradients(losses.family.create(name, {}), "discriminator", torch.zeros(4), torch.zeros(4))
    assert (on_real < 0).all()
    assert (on_fake > 0).all()


@EVERY_LOSS
def test_at_zero_logits_g_wants_fake_up(name):
    _, on_fake = gradients(losses.family.create(name, {}), "generator", torch.zeros(4), torch.zeros(4))
    assert (on_fake < 0).all()


@EVERY_LOSS
def test_nowhere_does_a_player_pay_for_the_right_answer(name):
    loss = losses.family.create(name, {})
    real, fake = (grid.flatten() for grid in torch.meshgrid(EXTREMES, EXTREMES, indexing="ij"))
    on_real, on_fake = gradients(loss, "discriminator", real, fake)
    assert (on_real <= 0).all()
    assert (on_fake >= 0).all()
    assert (gradients(loss, "generator", real, fake)[1] <= 0).all()


@EVERY_LOSS
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_doubling_the_batch_changes_nothing(name, player):
    loss = losses.family.create(name, {})
    real, fake = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([-0.7, 0.4, 1.1])
    once = getattr(loss, player)(verdict(real), verdict(fake))
    twice = getattr(loss, player)(verdict(real.repeat(2)), verdict(fake.repeat(2)))
    torch.testing.assert_close(twice, once, rtol=1e-6, atol=0)


@EVERY_LOSS
def test_g_still_learns_where_d_is_sure_unless_the_loss_says_it_saturates(name):
    loss = losses.family.create(name, {})
    _, on_fake = gradients(loss, "generator", torch.zeros(1), torch.tensor([-50.0]))
    assert (on_fake.abs() > 0.5).all() == (not loss.saturates)


@EVERY_LOSS
def test_g_needs_no_real_verdict_unless_the_loss_says_so(name):
    loss = losses.family.create(name, {})
    fake = verdict(torch.tensor([0.5, -0.5]))
    with_real = loss.generator(verdict(torch.ones(2)), fake)
    if loss.generator_needs_real:
        assert not torch.equal(with_real, loss.generator(verdict(-torch.ones(2)), fake))
    else:
        assert torch.equal(with_real, loss.generator(None, fake))
