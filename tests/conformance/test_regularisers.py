"""What every regulariser must keep to, by its hooks. A new file in worker/regularisers is taken up by itself."""

import pytest
import torch
from torch import nn

from worker import regularisers
from worker.networks._parts import VerdictLayers
from worker.regularisers import HOOKS, Moment, PenaltyView
from worker.verdict import Verdict

EVERY_REGULARISER = pytest.mark.parametrize("name", regularisers.family.names)
WITH_PENALTY = pytest.mark.parametrize(
    "name", [name for name in regularisers.family.names if regularisers.family.create(name, {}).overrides("penalty")]
)


class Critic(nn.Module):
    """A smooth D for (N, 3, 4, 4), so that second derivatives exist; `slope` 0 makes it flat."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.out = nn.Linear(64, 1)
        self.slope = slope

    def forward(self, x, labels=None):
        features = torch.tanh(self.conv(x)).flatten(1)
        return Verdict(logits=self.slope * self.out(features).squeeze(1) + 0.5, features=features)


class Judged(nn.Module):
    """A D that ends as those of the networks do."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.verdict = VerdictLayers(64, None)

    def forward(self, x, labels=None):
        return self.verdict(torch.tanh(self.conv(x)).flatten(1), labels)


def view(critic, seed=0, dtype=torch.float32):
    stream = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, 5, 3, 4, 4, generator=stream).to(dtype)
    z = torch.randn(5, 2, generator=stream).to(dtype)
    return PenaltyView(
        judge=critic,
        real=real,
        fake=fake,
        real_labels=None,
        fake_labels=None,
        generator=stream.manual_seed(seed + 1),
        step=1,
        player=critic if isinstance(critic, nn.Module) else nn.Identity(),
        on_real=critic(real, None),
        on_fake=critic(fake, None),
        z=z,
        generate=lambda z, labels: z.repeat(1, 24).reshape(-1, 3, 4, 4),
    )


def seeded(seed):
    return torch.Generator().manual_seed(seed)


@EVERY_REGULARISER
def test_acts_on_a_player_and_does_something(name):
    component = regularisers.family.create(name, {})
    assert component.player in ("G", "D")
    assert any(component.overrides(hook) for hook in HOOKS)


@WITH_PENALTY
def test_penalty_is_a_finite_scalar_with_a_weight_and_an_interval(name):
    component = regularisers.family.create(name, {})
    penalty = component.penalty(view(Critic()))
    assert penalty.shape == ()
    assert penalty.isfinite()
    assert "knob" in type(component.params).model_json_schema()["properties"]["weight"]
    assert component.params.every >= 1


@WITH_PENALTY
def test_gradient_reaches_the_weights_of_d_and_nothing_else(name):
    critic = Critic()
    looked_at = view(critic)
    regularisers.family.create(name, {}).penalty(looked_at).backward()
    for weight in (critic.conv.weight, critic.out.weight):
        assert weight.grad.isfinite().all()
        assert weight.grad.abs().sum() > 0
    assert not looked_at.real.requires_grad
    assert not looked_at.fake.requires_grad


@WITH_PENALTY
def test_gradient_is_the_slope_of_the_penalty(name):
    critic = Critic().double()
    component = regularisers.family.create(name, {})

    def penalty():
        looked_at = view(critic, dtype=torch.float64)
        return component.penalty(looked_at)

    weight = critic.conv.weight
    (gradient,) = torch.autograd.grad(penalty(), weight)
    step = 1e-6 * torch.randn(weight.shape, generator=seeded(3), dtype=torch.float64)
    weight.data += step
    above = penalty()
    weight.data -= 2 * step
    below = penalty()
    torch.testing.assert_close((gradient * step).sum(), (above - below).detach() / 2, rtol=1e-5, atol=0)


@WITH_PENALTY
def test_a_flat_critic_pays_what_the_class_declares(name):
    component = regularisers.family.create(name, {})
    critic = Critic(slope=0.0)
    penalty = component.penalty(view(critic))
    assert penalty.item() == component.flat_penalty
    penalty.backward()
    assert critic.conv.weight.grad.isfinite().all()


@WITH_PENALTY
def test_doubling_the_batch_changes_nothing_but_the_draws(name):
    component = regularisers.family.create(name, {})
    once = view(lambda x, labels: Verdict(logits=x.flatten(1).sum(1)))
    twice = PenaltyView(**{**vars(once), "real": once.real.repeat(2, 1, 1, 1), "fake": once.fake.repeat(2, 1, 1, 1)})
    torch.testing.assert_close(component.penalty(twice), component.penalty(once), rtol=1e-6, atol=0)


@EVERY_REGULARISER
@pytest.mark.parametrize("hook", ["latents", "inputs"])
def test_changed_samples_have_the_shape_that_d_expects_and_draws_come_from_the_given_stream(name, hook):
    component = regularisers.family.create(name, {})
    shape = (6, 3) if hook == "latents" else (6, 3, 4, 4)
    x = torch.randn(shape, generator=seeded(0))
    outside = torch.get_rng_state()
    changed = getattr(component, hook)(x, Moment(1, component.player, seeded(1)))
    pack = component.pack if hook == "inputs" else 1
    assert changed.shape == (6 // pack, 3 * pack, *shape[2:])
    assert changed.dtype == x.dtype
    assert torch.equal(changed, getattr(component, hook)(x, Moment(1, component.player, seeded(1))))
    assert torch.equal(torch.get_rng_state(), outside)


@WITH_PENALTY
def test_penalty_draws_from_the_given_stream_only(name):
    component = regularisers.family.create(name, {})
    critic = Critic()
    outside = torch.get_rng_state()
    assert torch.equal(component.penalty(view(critic)), component.penalty(view(critic)))
    assert torch.equal(torch.get_rng_state(), outside)


@EVERY_REGULARISER
def test_a_built_player_still_trains_and_can_be_saved_and_read(name):
    component = regularisers.family.create(name, {})
    player, other = Judged(), Judged()
    component.build(player)
    component.build(other)
    x = torch.randn(5, 3, 4, 4, generator=seeded(0))
    player(x).logits.sum().backward()
    component.after_step(player, 1)
    assert all(parameter.grad.isfinite().all() for parameter in player.parameters())
    other.load_state_dict(player.state_dict())
    assert torch.equal(other.eval()(x).logits, player.eval()(x).logits)


@EVERY_REGULARISER
@pytest.mark.parametrize("player", ["G", "D"])
@pytest.mark.parametrize("on", ["real", "fake"])
def test_a_changed_verdict_still_is_one_and_draws_come_from_the_given_stream(name, player, on):
    component = regularisers.family.create(name, {})
    given = Verdict(logits=torch.randn(6, generator=seeded(0)), features=torch.randn(6, 2, generator=seeded(1)))
    outside = torch.get_rng_state()
    once, again = (component.verdict(given, on, Moment(500, player, seeded(2))) for _ in range(2))
    assert once.logits.ndim == 1
    assert len(once.features) == len(once.logits)
    assert once.target is None or once.target.shape == once.logits.shape
    assert torch.equal(once.logits, again.logits)
    assert once.target is again.target or torch.equal(once.target, again.target)
    assert torch.equal(torch.get_rng_state(), outside)
