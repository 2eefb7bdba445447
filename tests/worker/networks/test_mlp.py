import pytest
import torch
from torch import nn

from worker import networks
from worker.networks import Problem, UnfitNetwork

POINTS = Problem((2,), {})
PACGAN = {
    "z_dim": 2,
    "generator_layers": 4,
    "generator_width": 400,
    "generator_norm": "batch",
    "discriminator": "maxout",
    "discriminator_layers": 3,
    "discriminator_width": 200,
    "pieces": 5,
    "init_std": 0.02,
}


def n_parameters(player):
    return sum(parameter.numel() for parameter in player.parameters())


def test_pacgans_toy_networks_have_the_size_worked_out_by_hand():
    network = networks.family.create("mlp", PACGAN)
    # G: no bias before a norm (scale and shift of 400 each), one on the output.
    assert n_parameters(network.generator(POINTS)) == 2 * 400 + 3 * 400**2 + 4 * 800 + 400 * 2 + 2
    # D: 200 units of 5 linear maps each, with biases.
    assert n_parameters(network.discriminator(POINTS)) == (2 + 1) * 1000 + 2 * (200 + 1) * 1000 + 200 + 1


def test_g_is_made_of_the_asked_layers():
    kinds = {nn.Linear: 4, nn.BatchNorm1d: 3, nn.ReLU: 3}
    G = networks.family.create("mlp", {"generator_norm": "batch", "generator_width": 8}).generator(POINTS)
    assert {kind: sum(type(module) is kind for module in G.modules()) for kind in kinds} == kinds


def test_d_equals_its_layers_written_out():
    network = networks.family.create("mlp", {"discriminator_layers": 2, "discriminator_width": 8, "slope": 0.2})
    D = network.discriminator(POINTS)
    x = torch.randn(5, 2, generator=torch.Generator().manual_seed(0))
    first, second = (module for module in D.hidden if isinstance(module, nn.Linear))
    h = x
    for layer in (first, second):
        h = h @ layer.weight.T + layer.bias
        h = torch.where(h > 0, h, 0.2 * h)
    verdict = D(x)
    torch.testing.assert_close(verdict.features, h)
    torch.testing.assert_close(verdict.logits, h @ D.verdict.logit.weight[0] + D.verdict.logit.bias)


def test_initial_spread_is_the_param():
    D = networks.family.create("mlp", PACGAN).discriminator(POINTS)
    weight = D.hidden[1].linear.weight
    assert abs(weight.std().item() / 0.02 - 1) < 5 / (2 * weight.numel()) ** 0.5  # five standard errors


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_pictures_are_refused_in_words(player):
    with pytest.raises(UnfitNetwork, match=r"\(3, 16, 16\).*dcgan"):
        getattr(networks.family.create("mlp", {}), player)(Problem((3, 16, 16), {}))
