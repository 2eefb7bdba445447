"""One step against the same step written out by hand with torch alone."""

import torch
import torch.nn.functional as F

from worker.training.phases import generator_phase
from worker.training.step import train_step


def by_hand(game, steps):
    """Non-saturating GAN, alternating, as any tutorial writes it, on copies of the same weights and draws."""
    G, D = game.G, game.D
    opt_g = torch.optim.Adam(G.parameters(), lr=2e-4, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(D.parameters(), lr=2e-4, betas=(0.5, 0.999))
    losses = []
    for _ in range(steps):
        real, _ = game.data.next(16)
        with torch.no_grad():
            fake = G(game.network.latents(16, game.streams.latents), None)
        loss_d = F.softplus(-D(real).logits).mean() + F.softplus(D(fake).logits).mean()
        opt_d.zero_grad()
        loss_d.backward()
        opt_d.step()
        loss_g = F.softplus(-D(G(game.network.latents(16, game.streams.latents), None)).logits).mean()
        opt_g.zero_grad()
        loss_g.backward()
        opt_g.step()
        losses.append((loss_d.item(), loss_g.item()))
    return losses


def test_a_step_is_the_step_of_a_loop_written_by_hand(bench, points):
    ours, hand = bench.attempt(points), bench.attempt(points)
    reports = [train_step(ours._game, step) for step in range(1, 6)]
    expected = by_hand(hand._game, 5)
    assert [(r["loss.d"].item(), r["loss.g"].item()) for r in reports] == expected
    # The fused Adam may round the last bit differently from torch's plain one.
    torch.testing.assert_close(ours._game.G.state_dict(), hand._game.G.state_dict(), rtol=1e-5, atol=1e-7)


def dirac(updates):
    """The game L = xy: D(x) = ψ x on the real point 0, Wasserstein, plain gradient steps of 0.1."""
    sgd = {"name": "sgd", "lr": 0.1, "momentum": 0.0}
    return {
        "dataset": {"name": "origin"},
        "network": {"name": "dirac"},
        "loss": {"name": "wasserstein"},
        "optimisers": {"G": sgd, "D": sgd},
        "game": {"updates": updates},
        "monitors": [],
        "steps": 10,
        "batch": 4,
    }


def play(game, steps):
    for step in range(1, steps + 1):
        train_step(game, step)
    return [next(iter(player.parameters())).item() for player in (game.G, game.D)]


def set_to(game, theta, psi):
    with torch.no_grad():
        next(iter(game.G.parameters())).fill_(theta)
        next(iter(game.D.parameters())).fill_(psi)


def test_simultaneous_steps_spiral_outwards_as_the_closed_form_says(bench):
    game = bench.attempt(dirac("simultaneous"))._game
    set_to(game, 1.0, 0.5)
    theta, psi = 1.0, 0.5
    for _ in range(10):
        theta, psi = theta + 0.1 * psi, psi - 0.1 * theta
    # The logits are float32: each of 10 steps may round once in each player.
    torch.testing.assert_close(play(game, 10), [theta, psi], rtol=1e-5, atol=1e-6)


def test_alternating_steps_let_g_answer_the_new_d(bench):
    game = bench.attempt(dirac("alternating"))._game
    set_to(game, 1.0, 0.5)
    theta, psi = 1.0, 0.5
    for _ in range(10):
        psi = psi - 0.1 * theta
        theta = theta + 0.1 * psi
    torch.testing.assert_close(play(game, 10), [theta, psi], rtol=1e-5, atol=1e-6)


def test_d_steps_are_taken_as_often_as_asked(bench):
    game = bench.attempt({**dirac("alternating"), "game": {"d_steps": 3}})._game
    set_to(game, 1.0, 0.0)
    theta, psi = play(game, 1)
    torch.testing.assert_close([theta, psi], [1.0 - 0.1 * 0.3, -0.3], rtol=1e-5, atol=1e-6)


def test_a_lazy_penalty_counts_as_much_as_one_at_every_step(bench, images):
    game = bench.attempt(images)._game
    first, second = train_step(game, 1), train_step(game, 2)
    assert "penalty.r1" not in first
    weight, every = game.regularisers[0].params.weight, 2
    torch.testing.assert_close(second["weighted.r1"], weight * every * second["penalty.r1"])
    parts = second["loss.d.adversarial"] + second["loss.d.auxiliary"] + second["weighted.r1"]
    torch.testing.assert_close(second["loss.d"], parts)


def test_a_lazy_penalty_falls_due_by_the_d_step(bench, images):
    game = bench.attempt({**images, "game": {"d_steps": 3}, "regularisers": [{"name": "r1", "every": 3}]})._game
    seen = []
    penalty = game.regularisers[0].penalty
    game.regularisers[0].penalty = lambda view: seen.append(1) or penalty(view)
    for step in range(1, 5):
        train_step(game, step)
    assert len(seen) == 4


def test_the_g_phase_leaves_ds_gradients_alone(bench, points):
    game = bench.attempt(points)._game
    train_step(game, 1)
    before = [parameter.grad.clone() for parameter in game.D.parameters()]
    generator_phase(game, *game.data.next(16), 2)
    assert all(torch.equal(p.grad, old) for p, old in zip(game.D.parameters(), before, strict=True))


def test_an_extrapolation_has_the_penalties_of_the_d_step_that_it_looks_ahead_for(bench, points):
    extra = {"name": "extra_adam"}
    spec = {
        **points,
        "optimisers": {"G": extra, "D": extra},
        "game": {"updates": "simultaneous", "d_steps": 3},
        "regularisers": [{"name": "r1", "every": 4}],
    }
    game = bench.attempt(spec)._game
    turns = []
    penalty = game.regularisers[0].penalty
    game.regularisers[0].penalty = lambda view: turns.append(view.step) or penalty(view)
    for step in range(1, 5):
        train_step(game, step)
    # D steps 1 to 12: of these 4, 8 and 12 are due; 4 is the first of step 2, so it is looked ahead for as well.
    assert turns == [2, 2, 3, 4]
