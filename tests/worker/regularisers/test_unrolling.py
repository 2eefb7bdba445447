import copy

import pytest
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.regularisers import LookaheadView
from worker.training.game import build
from worker.training.phases import generator_phase
from worker.training.step import train_step

RATE = 0.05
STEPS = 3
DOUBLE = {"dtype": torch.float64}
Z = torch.randn(6, 2, generator=torch.Generator().manual_seed(1), **DOUBLE)
REAL = torch.randn(6, 2, generator=torch.Generator().manual_seed(2), **DOUBLE)


def players():
    """A tiny smooth G and D in float64."""
    with torch.random.fork_rng():
        torch.manual_seed(0)
        G = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)).double()
        D = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    return G, D


def loss_of_d(D, fake):
    return F.softplus(-D(REAL)).mean() + F.softplus(D(fake)).mean()


def unrolled(G, D, optimiser, steps=STEPS):
    """G's loss with the weights that the regulariser makes, with its graph."""
    fake = G(Z)

    def call(parameters):
        return lambda x: functional_call(D, dict(parameters), (x,))

    view = LookaheadView(dict(D.named_parameters()), lambda weights: loss_of_d(call(weights), fake), optimiser)
    component = regularisers.family.create("unrolling", {"steps": steps})
    return F.softplus(-call(component.before_generator(view))(fake)).mean()


def brute_force(G, D, optimiser, make, steps=STEPS):
    """G's loss after that many real steps of a real torch optimiser on a copy of D."""
    with torch.no_grad():
        fake = G(Z)
    D, state = copy.deepcopy(D), copy.deepcopy(optimiser.state_dict())
    again = make(D.parameters())
    again.load_state_dict(state)
    for _ in range(steps):
        again.zero_grad()
        loss_of_d(D, fake).backward()
        again.step()
    return F.softplus(-D(fake)).mean().item()


MAKERS = {
    "sgd": lambda weights: torch.optim.SGD(weights, lr=RATE),
    "momentum": lambda weights: torch.optim.SGD(weights, lr=RATE, momentum=0.7),
    "adam": lambda weights: torch.optim.Adam(weights, lr=RATE, betas=(0.5, 0.9)),
    "adam_beta1_0": lambda weights: torch.optim.Adam(weights, lr=RATE, betas=(0.0, 0.99)),
}


@pytest.mark.parametrize("before", [0, 4], ids=["fresh", "with a past"])
@pytest.mark.parametrize("name", MAKERS)
def test_gs_gradient_is_the_slope_of_its_loss_after_real_steps_of_ds_optimiser(name, before):
    G, D = players()
    optimiser = MAKERS[name](D.parameters())
    for step in range(before):
        optimiser.zero_grad()
        loss_of_d(D, G(Z + step).detach()).backward()
        optimiser.step()
    loss = unrolled(G, D, optimiser)
    assert_close(loss.item(), brute_force(G, D, optimiser, MAKERS[name]), rtol=1e-10, atol=0)
    weights = list(G.parameters())
    gradients = torch.autograd.grad(loss, weights)
    for weight, gradient in zip(weights, gradients, strict=True):
        for place in range(weight.numel()):
            values = []
            for change in (1e-5, -2e-5):
                with torch.no_grad():
                    weight.view(-1)[place] += change
                values.append(brute_force(G, D, optimiser, MAKERS[name]))
            with torch.no_grad():
                weight.view(-1)[place] += 1e-5
            # Central differences of 1e-5: off by about 1e-10 · third derivative, and by rounding, 1e-16/1e-5.
            assert_close(gradient.view(-1)[place].item(), (values[0] - values[1]) / 2e-5, rtol=1e-5, atol=1e-8)


def test_the_slope_is_not_that_of_a_d_that_stands_still():
    """What the test above would not see if the inner gradients were cut off: they matter here."""
    G, D = players()
    optimiser = MAKERS["sgd"](D.parameters())
    (ahead,) = torch.autograd.grad(unrolled(G, D, optimiser, steps=20), [G[0].weight])
    (now,) = torch.autograd.grad(F.softplus(-D(G(Z))).mean(), [G[0].weight])
    assert (ahead - now).abs().max() > 1e-2 * now.abs().max()


def test_any_other_optimiser_is_followed_by_plain_steps_of_its_rate():
    G, D = players()
    other = unrolled(G, D, torch.optim.RMSprop(D.parameters(), lr=RATE))
    assert_close(other, unrolled(G, D, MAKERS["sgd"](D.parameters())), rtol=0, atol=0)


def test_a_weight_without_any_gradient_does_not_make_gs_nan():
    """Adam divides by √v, and v is 0 for a unit of D that no sample reaches."""
    G, D = players()
    D = nn.Sequential(D[0], nn.ReLU(), D[2])
    with torch.no_grad():
        D[0].bias[0] = -100.0
    gradients = torch.autograd.grad(unrolled(G, D, MAKERS["adam"](D.parameters())), list(G.parameters()))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_looking_leaves_no_trace_in_the_optimiser():
    G, D = players()
    optimiser = MAKERS["adam"](D.parameters())
    unrolled(G, D, optimiser)
    assert len(optimiser.state) == 0


DIRAC = {
    "dataset": {"name": "origin"},
    "network": {"name": "dirac", "theta": 0.8, "psi": 0.5},
    "optimisers": {"G": {"name": "sgd"}, "D": {"name": "sgd", "lr": 0.1}},
    "monitors": [],
    "batch": 4,
}


def slope_of_theta(tmp_path, loss, steps, *others):
    spec = DIRAC | {"loss": {"name": loss}, "regularisers": [{"name": "unrolling", "steps": steps}, *others]}
    game = build(RunSpec.model_validate(spec), tmp_path)
    generator_phase(game, *game.data.next(4), 1)
    assert game.D.psi.grad is None
    return game.G.theta.grad.item()


@pytest.mark.parametrize("steps", [0, 1, 2, 20])
def test_dirac_with_a_critic(tmp_path, steps):
    """ψᵏ = ψ - k η θ, so L_G = -(ψ - K η θ) θ and dL_G/dθ = -ψ + 2 K η θ."""
    expected = -0.5 + 2 * steps * 0.1 * 0.8
    assert_close(slope_of_theta(tmp_path, "wasserstein", steps), expected, rtol=1e-5, atol=0)


@pytest.mark.parametrize("target", [0.0, 0.3])
def test_dirac_with_cross_entropy_one_step_ahead(tmp_path, target):
    """ψ¹ = ψ - η (σ(ψθ) - t) θ, t the target of fake samples, which label smoothing sets in D's loss.

    dL_G/dθ = -σ(-ψ¹θ) (ψ¹ + θ dψ¹/dθ),  dψ¹/dθ = -η (σ(ψθ) - t + θ ψ σ'(ψθ)).
    """
    theta, psi, eta = torch.tensor(0.8, **DOUBLE), torch.tensor(0.5, **DOUBLE), 0.1
    s = torch.sigmoid(psi * theta)
    ahead = psi - eta * (s - target) * theta
    ahead_by_theta = -eta * (s - target + theta * psi * s * (1 - s))
    expected = -torch.sigmoid(-ahead * theta) * (ahead + theta * ahead_by_theta)
    smoothed = {"name": "label_smoothing", "fake": target}
    assert_close(slope_of_theta(tmp_path, "nonsaturating", 1, smoothed), expected.item(), rtol=1e-5, atol=0)


POINTS = {
    "dataset": {"name": "ring"},
    "network": {"name": "mlp", "discriminator": "maxout", "discriminator_width": 8, "generator_width": 8},
    "loss": {"name": "nonsaturating"},
    "monitors": [],
    "batch": 8,
}


def test_without_steps_it_is_as_if_it_were_not_there_and_with_some_g_goes_another_way(tmp_path):
    """Through maxout layers, which have a second derivative wherever they have a first."""
    games = [
        build(RunSpec.model_validate(POINTS | {"regularisers": these}), tmp_path)
        for these in ([], [{"name": "unrolling", "steps": 0}], [{"name": "unrolling"}])
    ]
    for game in games:
        train_step(game, 1)
        assert all(weight.isfinite().all() for weight in game.weights["G"])
    assert_close(games[1].G.state_dict(), games[0].G.state_dict(), rtol=0, atol=0)
    assert_close(games[2].D.state_dict(), games[0].D.state_dict(), rtol=0, atol=0)
    assert not torch.equal(games[2].weights["G"][0], games[0].weights["G"][0])
