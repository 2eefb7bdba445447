import pytest
import torch
from torch import nn

from worker import networks
from worker.networks import Problem, UnfitNetwork
from worker.registry import InvalidParams


def problem(size, colours=3):
    return Problem((colours, size, size), {})


def shapes(player, x):
    """Shape of each convolution's output, in the order of the pass."""
    seen = []
    for module in player.modules():
        if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
            module.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    player(x)
    return seen


@pytest.mark.parametrize("size", [16, 32, 64])
@pytest.mark.parametrize("colours", [1, 3])
def test_pictures_of_each_size(size, colours):
    network = networks.family.create("dcgan", {"width": 4, "z_dim": 5})
    x = network.generator(problem(size, colours))(torch.zeros(2, 5))
    verdict = network.discriminator(problem(size, colours))(x)
    assert x.shape == (2, colours, size, size)
    assert verdict.features.shape == (2, 4 * (size // 8) * 16)
    assert network.z_dim == 5


def test_maps_halve_while_channels_double_as_in_the_paper():
    network = networks.family.create("dcgan", {"width": 4})
    up = shapes(network.generator(problem(64)), torch.zeros(2, 100))
    down = shapes(network.discriminator(problem(64)), torch.zeros(2, 3, 64, 64))
    assert up == [(16, 8, 8), (8, 16, 16), (4, 32, 32), (3, 64, 64)]
    assert down == [(4, 32, 32), (8, 16, 16), (16, 8, 8), (32, 4, 4)]


def test_size_of_the_standard_networks_by_hand():
    network = networks.family.create("dcgan", {"width": 8, "z_dim": 10})
    # 16 px: linear 10 → 16·4·4; norms of 16 and 8; kernels 16·8·4² and 8·3·4² + 3.
    assert sum(p.numel() for p in network.generator(problem(16)).parameters()) == 2560 + 48 + 2048 + 387
    # kernels 3·8·4² + 8 and 8·16·4² + 16; linear 16·4·4 + 1.
    assert sum(p.numel() for p in network.discriminator(problem(16)).parameters()) == 392 + 2064 + 257


def test_d_equals_its_layers_written_out():
    D = networks.family.create("dcgan", {"width": 4}).discriminator(problem(16))
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    h = x
    for conv in (D.down[0], D.down[2]):
        h = nn.functional.conv2d(h, conv.weight, conv.bias, stride=2, padding=1)
        h = torch.where(h > 0, h, 0.2 * h)
    verdict = D(x)
    torch.testing.assert_close(verdict.features, h.reshape(2, -1))
    torch.testing.assert_close(verdict.logits, h.reshape(2, -1) @ D.verdict.logit.weight[0] + D.verdict.logit.bias)


@pytest.mark.parametrize(("normalisation", "n_norms"), [("none", 0), ("batch", 2)])
def test_batch_normalisation_in_d_is_a_choice_and_spares_the_first_layer(normalisation, n_norms):
    network = networks.family.create("dcgan", {"width": 4, "normalisation": normalisation})
    D = network.discriminator(problem(32))
    assert sum(isinstance(module, nn.BatchNorm2d) for module in D.modules()) == n_norms
    assert not isinstance(D.down[1], nn.BatchNorm2d)


def test_channels_last_holds_from_g_through_d():
    network = networks.family.create("dcgan", {"width": 8})
    G = network.generator(problem(32)).to(memory_format=torch.channels_last)
    D = network.discriminator(problem(32)).to(memory_format=torch.channels_last)
    orders = []
    for module in [*G.up, *D.down]:
        module.register_forward_pre_hook(
            lambda _, inputs: orders.append(inputs[0].is_contiguous(memory_format=torch.channels_last))
        )
    D(G(torch.randn(2, 100)))
    assert orders == [True] * 16


@pytest.mark.parametrize("shape", [(3, 28, 28), (3, 16, 32), (3, 128, 128)])
def test_other_sizes_are_refused_in_words(shape):
    network = networks.family.create("dcgan", {})
    with pytest.raises(UnfitNetwork, match=rf"16, 32, 64 pixels; the samples have {shape[1]}×{shape[2]}"):
        network.generator(Problem(shape, {}))


def test_a_size_that_is_not_the_datas_is_refused_in_words():
    network = networks.family.create("dcgan", {"size": 16})
    assert network.generator(problem(16))(torch.zeros(2, 100)).shape == (2, 3, 16, 16)
    with pytest.raises(UnfitNetwork, match="asked for 16 pixels, but the samples have 32"):
        network.discriminator(problem(32))


def test_a_size_that_no_dcgan_has_is_refused_by_its_schema():
    with pytest.raises(InvalidParams, match=r"size.*16, 32 or 64; got 20"):
        networks.family.create("dcgan", {"size": 20})
