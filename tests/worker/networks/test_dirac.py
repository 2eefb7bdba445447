import math
from pathlib import Path

import pytest
import torch
from torch.testing import assert_close

from worker import datasets, losses, networks, optimisers
from worker.networks import Problem, UnfitNetwork

SCALAR = Problem((1,), {})


class Game:
    """The game L = x y: dirac, origin and wasserstein, as the loop would put them together."""

    def __init__(self, theta=1.0, psi=1.0, lr=0.1):
        network = networks.family.create("dirac", {"theta": theta, "psi": psi})
        self.G, self.D = network.generator(SCALAR), network.discriminator(SCALAR)
        self.z = network.latents(8, torch.Generator().manual_seed(0))
        self.loss = losses.family.create("wasserstein", {})
        origin = datasets.family.create("origin", {})
        origin.prepare(Path())
        self.real, _ = origin.sample(8, torch.Generator().manual_seed(0))
        self.sgd = optimisers.family.create("sgd", {"lr": lr})
        self.optimisers = [self.sgd.build(player.parameters()) for player in (self.G, self.D)]

    def losses(self):
        real, fake = self.D(self.real), self.D(self.G(self.z))
        return self.loss.generator(real, fake), self.loss.discriminator(real, fake)

    def gradients(self):
        of_g, of_d = self.losses()
        (on_theta,) = torch.autograd.grad(of_g, self.G.theta, retain_graph=True)
        (on_psi,) = torch.autograd.grad(of_d, self.D.psi)
        return on_theta, on_psi

    def distance(self):
        return math.hypot(self.G.theta.item(), self.D.psi.item())


@pytest.mark.parametrize(("theta", "psi"), [(1.0, 1.0), (-0.5, 2.0), (3.0, -0.25), (0.0, 0.0)])
def test_losses_and_gradients_are_those_of_the_game_l_equals_xy(theta, psi):
    game = Game(theta, psi)
    assert [loss.item() for loss in game.losses()] == [-theta * psi, theta * psi]
    assert [gradient.item() for gradient in game.gradients()] == [-psi, theta]


def test_simultaneous_descent_spirals_out_by_the_known_factor():
    game = Game(lr=0.1)
    for _ in range(200):
        gradients = game.gradients()
        for player, optimiser, gradient in zip((game.G.theta, game.D.psi), game.optimisers, gradients, strict=True):
            player.grad = gradient
            optimiser.step()
    assert_close(game.distance(), math.sqrt(2) * (1 + 0.1**2) ** (200 / 2), rtol=1e-4, atol=0)


def test_alternating_descent_stays_on_its_ellipse():
    game = Game(lr=0.1)
    for _ in range(200):
        for index, player in ((1, game.D.psi), (0, game.G.theta)):
            player.grad = game.gradients()[index]
            game.optimisers[index].step()
    theta, psi = game.G.theta.item(), game.D.psi.item()
    # D first: ψ ← ψ - ηθ, then θ ← θ + ηψ keeps θ² + ψ² - ηθψ, which starts at 2 - η.
    assert_close(theta**2 + psi**2 - 0.1 * theta * psi, 2 - 0.1, rtol=1e-4, atol=0)


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_labels_are_refused_in_words(player):
    network = networks.family.create("dirac", {})
    with pytest.raises(UnfitNetwork, match="no place for labels"):
        getattr(network, player)(Problem((1,), {"hair": 2}))
