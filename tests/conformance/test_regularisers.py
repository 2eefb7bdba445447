"""What every regulariser must keep to, by its hooks. A new file in worker/regularisers is taken up by itself."""

import pytest
import torch
from torch import nn

from worker import regularisers
from worker.networks._parts import VerdictLayers
from worker.regularisers import HOOKS, Moment, PenaltyView
from worker.verdict import Verdict

EVERY_REGULARISER = pytest.mark.parametrize("name", regularisers.family.names)
PENALTIES = [name for name in regularisers.family.names if regularisers.family.create(name, {}).overrides("penalty")]
WITH_PENALTY = pytest.mark.parametrize("name", PENALTIES)
OF_ANSWERS = pytest.mark.parametrize(
    "name", [name for name in PENALTIES if regularisers.family.find(name).flat_penalty is not None]
)
"""Penalties of what D answers; the others look at weights, or at G's samples, and promise nothing for a flat D."""
LATE = 1_000_000
"""A step by which every penalty has begun."""


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


class Generator(nn.Module):
    """A smooth G of (N, 3, 4, 4)."""

    def __init__(self):
        super().__init__()
        self.first = nn.Linear(2, 8)
        self.out = nn.Linear(8, 48)

    def forward(self, z, labels=None):
        return torch.tanh(self.out(torch.tanh(self.first(z)))).reshape(-1, 3, 4, 4)


class LinearCritic(nn.Module):
    """The same slope everywhere, so that it does not matter where a penalty looks."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(48, 1)

    def forward(self, x, labels=None):
        return Verdict(logits=self.out(x.flatten(1)).squeeze(1))


class LinearGenerator(nn.Module):
    """Every number of a sample is one of its latent's, so that it does not matter which latents a penalty draws."""

    def __init__(self):
        super().__init__()
        self.out = nn.Linear(2, 48, bias=False)
        self.out.weight = nn.Parameter(torch.eye(2).repeat(24, 1))

    def forward(self, z, labels=None):
        return self.out(z).reshape(-1, 3, 4, 4)


class Judged(nn.Module):
    """A D that ends as those of the networks do."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.verdict = VerdictLayers(64, None)

    def forward(self, x, labels=None):
        return self.verdict(torch.tanh(self.conv(x)).flatten(1), labels)


def view(component, critic, generator=None, seed=0, dtype=torch.float32, copies=1):
    """What the component's penalty sees in its player's phase, each sample so many times."""
    generator = generator or Generator().to(dtype)
    stream = torch.Generator().manual_seed(seed)
    real = torch.randn(5, 3, 4, 4, generator=stream).to(dtype).repeat(copies, 1, 1, 1)
    z = torch.randn(5, 2, generator=stream).to(dtype).repeat(copies, 1)
    of_d = component.player == "D"
    fake = generator(z).detach() if of_d else generator(z)
    return PenaltyView(
        judge=critic,
        real=real,
        fake=fake,
        real_labels=None,
        fake_labels=None,
        generator=stream.manual_seed(seed + 1),
        step=LATE,
        player=critic if of_d else generator,
        on_real=critic(real, None) if of_d else None,
        on_fake=critic(fake, None),
        z=z,
        generate=generator,
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
    penalty = component.penalty(view(component, Critic()))
    assert penalty.shape == ()
    assert penalty.isfinite()
    assert "knob" in type(component.params).model_json_schema()["properties"]["weight"]
    assert component.params.every >= 1


@WITH_PENALTY
def test_gradient_reaches_the_weights_of_its_player_and_no_sample(name):
    component = regularisers.family.create(name, {})
    critic, generator = Critic(), Generator()
    looked_at = view(component, critic, generator)
    component.penalty(looked_at).backward()
    player, other = (critic, generator) if component.player == "D" else (generator, critic)
    reached = [weight.grad for weight in player.parameters() if weight.grad is not None]
    assert all(gradient.isfinite().all() for gradient in reached)
    assert any(gradient.abs().sum() > 0 for gradient in reached)
    assert [weight.grad for weight in other.parameters() if weight.grad is not None] == []
    assert not looked_at.real.requires_grad
    assert looked_at.fake.requires_grad == (component.player == "G")


@OF_ANSWERS
def test_gradient_of_what_d_answers_reaches_every_layer(name):
    component = regularisers.family.create(name, {})
    critic = Critic()
    component.penalty(view(component, critic)).backward()
    for weight in (critic.conv.weight, critic.out.weight):
        assert weight.grad.abs().sum() > 0


@WITH_PENALTY
def test_gradient_is_the_slope_of_the_penalty(name):
    component = regularisers.family.create(name, {})
    critic, generator = Critic().double(), Generator().double()

    def penalty():
        return component.penalty(view(component, critic, generator, dtype=torch.float64))

    weight = critic.conv.weight if component.player == "D" else generator.first.weight
    (gradient,) = torch.autograd.grad(penalty(), weight)
    if component.state_dict():
        pytest.skip("what it remembers moves with each call, and is constant in the gradient: see its own test")
    step = 1e-6 * torch.randn(weight.shape, generator=seeded(3), dtype=torch.float64)
    weight.data += step
    above = penalty()
    weight.data -= 2 * step
    below = penalty()
    torch.testing.assert_close((gradient * step).sum(), (above - below).detach() / 2, rtol=1e-5, atol=0)


@OF_ANSWERS
def test_a_flat_critic_pays_what_the_class_declares(name):
    component = regularisers.family.create(name, {})
    critic = Critic(slope=0.0)
    penalty = component.penalty(view(component, critic))
    assert penalty.item() == component.flat_penalty
    penalty.backward()
    assert critic.conv.weight.grad.isfinite().all()


@WITH_PENALTY
def test_doubling_the_batch_changes_nothing_but_the_draws(name):
    component = regularisers.family.create(name, {})
    critic, generator = LinearCritic(), LinearGenerator()
    once, twice = (component.penalty(view(component, critic, generator, copies=copies)) for copies in (1, 2))
    assert once.item() > 0
    torch.testing.assert_close(twice, once, rtol=1e-6, atol=0)


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
    critic, generator = Critic(), Generator()
    outside = torch.get_rng_state()
    once, again = (component.penalty(view(component, critic, generator)) for _ in range(2))
    assert torch.equal(once, again)
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
