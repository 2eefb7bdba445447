"""What every loss must keep to: sign, mean, finite values. A new file in worker/losses is taken up by itself."""

import pytest
import torch

from worker import losses
from worker.verdict import Verdict

EVERY_LOSS = pytest.mark.parametrize("name", losses.family.names)
WITH_ANSWERS = [name for name in losses.family.names if losses.family.find(name).answers is not None]
WITH_TARGETS = [name for name in losses.family.names if losses.family.find(name).provides.get("targets")]
STATES = {"began": {"k": torch.tensor(0.5)}}
"""Where a loss has a state: one in which D looks at fakes (at k = 0, where it starts, BEGAN's does not)."""
EXTREMES = torch.tensor([-100.0, -50.0, -1.0, 0.0, 1.0, 50.0, 100.0])


def created(name):
    loss = losses.family.create(name, {})
    loss.load_state_dict(STATES.get(name, {}))
    return loss


def undecided(loss):
    """Logits with which D takes no side."""
    return torch.full((4,), 0.0 if loss.answers is None else sum(loss.answers) / 2)


def every_pair(loss):
    """Real and fake logits, every extreme with every other; none beyond what D is asked for."""
    grid = EXTREMES if loss.answers is None else EXTREMES.clamp(*loss.answers)
    return (side.flatten() for side in torch.meshgrid(grid, grid, indexing="ij"))


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
    loss = created(name)
    real, fake = (grid.flatten() for grid in torch.meshgrid(EXTREMES, EXTREMES, indexing="ij"))
    value = getattr(loss, player)(verdict(real), verdict(fake))
    assert value.shape == ()
    assert value.dtype == torch.float32
    assert value.isfinite()
    assert all(gradient.isfinite().all() for gradient in gradients(loss, player, real, fake))


@EVERY_LOSS
def test_undecided_d_wants_real_up_and_fake_down(name):
    loss = created(name)
    on_real, on_fake = gradients(loss, "discriminator", undecided(loss), undecided(loss))
    assert (on_real < 0).all()
    assert (on_fake > 0).all()


@EVERY_LOSS
def test_with_an_undecided_d_g_wants_fake_up(name):
    loss = created(name)
    _, on_fake = gradients(loss, "generator", undecided(loss), undecided(loss))
    assert (on_fake < 0).all()


@EVERY_LOSS
def test_nowhere_does_a_player_pay_for_the_right_answer(name):
    loss = created(name)
    real, fake = every_pair(loss)
    on_real, on_fake = gradients(loss, "discriminator", real, fake)
    assert (on_real <= 0).all()
    assert (on_fake >= 0).all()
    assert (gradients(loss, "generator", real, fake)[1] <= 0).all()


@EVERY_LOSS
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_doubling_the_batch_changes_nothing(name, player):
    loss = created(name)
    real, fake = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([-0.7, 0.4, 1.1])
    once = getattr(loss, player)(verdict(real), verdict(fake))
    twice = getattr(loss, player)(verdict(real.repeat(2)), verdict(fake.repeat(2)))
    torch.testing.assert_close(twice, once, rtol=1e-6, atol=0)


@EVERY_LOSS
def test_g_still_learns_where_d_is_sure_unless_the_loss_says_it_saturates(name):
    loss = created(name)
    _, on_fake = gradients(loss, "generator", torch.zeros(1), torch.tensor([-50.0]))
    assert (on_fake.abs() > 0.5).all() == (not loss.saturates)


@EVERY_LOSS
def test_g_needs_no_real_verdict_unless_the_loss_says_so(name):
    loss = created(name)
    fake = verdict(torch.tensor([0.5, -0.5]))
    with_real = loss.generator(verdict(torch.ones(2)), fake)
    if loss.generator_needs_real:
        assert not torch.equal(with_real, loss.generator(verdict(-torch.ones(2)), fake))
    else:
        assert torch.equal(with_real, loss.generator(None, fake))


@pytest.mark.parametrize("name", WITH_ANSWERS)
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_beyond_what_d_is_asked_for_it_pays_again(name, player):
    loss = created(name)
    for_fake, for_real = (torch.tensor([answer]) for answer in loss.answers)
    if player == "discriminator":
        on_real, on_fake = gradients(loss, player, for_real + 1, for_fake - 1)
        assert on_real > 0
        assert on_fake < 0
    else:
        assert gradients(loss, player, for_real, for_real + 1)[1] > 0


@pytest.mark.parametrize("name", WITH_TARGETS)
def test_smoothed_targets_count_where_the_loss_says_that_it_takes_them(name):
    """The target t of a sample is the chance that it is real: 1 is the plain real part, and less asks for less."""
    loss = created(name)
    logits, fake = torch.tensor([0.2, -0.4]), verdict(torch.tensor([0.1, 0.3]))
    plain = loss.discriminator(verdict(logits), fake)
    for target, same in ((1.0, True), (0.9, False)):
        smoothed = loss.discriminator(Verdict(logits=logits, target=torch.full((2,), target)), fake)
        assert torch.isclose(smoothed, plain, rtol=1e-6) == same
    sure = torch.full((2,), 50.0, requires_grad=True)
    loss.discriminator(Verdict(logits=sure, target=torch.full((2,), 0.9)), fake).backward()
    assert (sure.grad > 0).all()  # D is told not to be that sure


@EVERY_LOSS
def test_a_step_reports_what_is_declared_and_its_state_survives(name):
    loss = created(name)
    with torch.no_grad():
        report = loss.after_step(verdict(torch.tensor([-0.5, -0.7])), verdict(torch.tensor([-0.9, -1.1])))
    assert sorted(report) == sorted(loss.series_name(series.name) for series in loss.series)
    assert all(value.shape == () for value in report.values())
    other = losses.family.create(name, {})
    other.load_state_dict({key: value.clone() for key, value in loss.state_dict().items()})
    real, fake = verdict(torch.tensor([0.3, 0.1])), verdict(torch.tensor([0.2, -0.4]))
    assert torch.equal(other.discriminator(real, fake), loss.discriminator(real, fake))
