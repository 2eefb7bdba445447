import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from worker import networks, regularisers
from worker.networks import Problem, UnfitNetwork


def problem(size, colours=3):
    return Problem((colours, size, size), {})


def made(size=32, generator_width=6, discriminator_width=5, colours=3):
    network = networks.family.create(
        "resnet", {"generator_width": generator_width, "discriminator_width": discriminator_width, "z_dim": 7}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network.generator(problem(size, colours)), network.discriminator(problem(size, colours))


def seeded(*shape):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def maps(player, kinds, x):
    """Shape of the output of each block, in the order of the pass."""
    seen = []
    for module in player.modules():
        if type(module).__name__ in kinds:
            module.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    player(x)
    return seen


@pytest.mark.parametrize(
    ("size", "up", "down"),
    [(16, [8, 16], [8, 8, 8]), (32, [8, 16, 32], [16, 8, 8, 8]), (64, [8, 16, 32, 64], [32, 16, 8, 8, 8])],
)
def test_g_doubles_from_4_and_d_halves_to_8_at_one_width(size, up, down):
    G, D = made(size)
    assert maps(G, {"UpBlock"}, torch.zeros(2, 7)) == [(6, side, side) for side in up]
    assert maps(D, {"DownBlock"}, torch.zeros(2, 3, size, size)) == [(5, side, side) for side in down]


def test_size_of_sngans_cifar_networks_by_hand():
    network = networks.family.create("resnet", {})
    G, D = network.generator(problem(32)), network.discriminator(problem(32))
    # G: linear 128 → 4·4·256 with bias; three blocks of two norms, two 3×3 and one 1×1; norm, 3×3 to 3 colours.
    block = 4 * 256 + 2 * 9 * 256**2 + 256**2
    assert sum(p.numel() for p in G.parameters()) == 129 * 4096 + 3 * block + 512 + 9 * 256 * 3 + 3
    # D, with biases: 3→128, 128→128, 1×1 3→128; a block that halves; two without shortcut; 128 → 1.
    conv, first = 9 * 128**2 + 128, 9 * 3 * 128 + 128 + 3 * 128 + 128
    assert sum(p.numel() for p in D.parameters()) == first + conv + 2 * conv + 128**2 + 128 + 4 * conv + 129


def test_d_equals_its_layers_written_out_in_the_order_of_the_public_code():
    _, D = made()
    x = seeded(2, 3, 32, 32)

    def conv(layer, h):
        return F.conv2d(h, layer.weight, layer.bias, padding=layer.kernel_size[0] // 2)

    def halved(h):
        return (h[..., ::2, ::2] + h[..., 1::2, ::2] + h[..., ::2, 1::2] + h[..., 1::2, 1::2]) / 4

    first, down, *rest = D.blocks
    h = halved(conv(first.convs[1], conv(first.convs[0], x).clamp(min=0))) + conv(first.shortcut, halved(x))
    inner = conv(down.convs[1], conv(down.convs[0], h.clamp(min=0)).clamp(min=0))
    h = halved(inner) + halved(conv(down.shortcut, h))
    for block in rest:
        h = h + conv(block.convs[1], conv(block.convs[0], h.clamp(min=0)).clamp(min=0))
    features = h.clamp(min=0).sum(dim=(2, 3))
    verdict = D(x)
    torch.testing.assert_close(verdict.features, features, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(verdict.logits, features @ D.verdict.logit.weight[0], rtol=1e-4, atol=1e-4)


def test_g_equals_its_layers_written_out_in_the_order_of_the_public_code():
    G, _ = made(16)
    z = seeded(3, 7)

    def normed(layer, h):
        mean, variance = h.mean(dim=(0, 2, 3), keepdim=True), h.var(dim=(0, 2, 3), unbiased=False, keepdim=True)
        return (h - mean) / (variance + layer.eps).sqrt()  # scale 1 and shift 0 at the start

    def doubled(h):
        return h.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)

    h = (z @ G.project.weight.T).reshape(3, 4, 4, 6).permute(0, 3, 1, 2)
    for block in G.blocks:
        inner = F.conv2d(doubled(normed(block.norms[0], h).clamp(min=0)), block.convs[0].weight, padding=1)
        inner = F.conv2d(normed(block.norms[1], inner).clamp(min=0), block.convs[1].weight, padding=1)
        h = inner + F.conv2d(doubled(h), block.shortcut.weight)
    expected = torch.tanh(F.conv2d(normed(G.last[0], h).clamp(min=0), G.last[2].weight, padding=1))
    torch.testing.assert_close(G(z), expected, rtol=1e-3, atol=1e-5)


def test_weights_start_at_glorots_bounds():
    G, D = made(generator_width=32, discriminator_width=32)

    def bound(layer):
        area = math.prod(layer.weight.shape[2:])
        return math.sqrt(6 / (area * (layer.weight.shape[0] + layer.weight.shape[1])))

    for player, blocks in ((G, G.blocks), (D, D.blocks)):
        inner = {conv for block in blocks for conv in block.convs}
        for layer in player.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                gain = math.sqrt(2) if layer in inner else 1.0
                largest = layer.weight.abs().max().item() / (gain * bound(layer))
                # The largest of n uniform draws: below 1, and seldom by more than 8 / n of it.
                assert 1 - 8 / layer.weight.numel() < largest <= 1 + 1e-6
                assert layer.bias is None or layer.bias.abs().max() == 0


def test_d_has_no_normalisation_and_spectral_norm_takes_in_all_ten_convolutions_and_the_logit():
    _, D = made()
    assert not any(isinstance(module, nn.BatchNorm2d) for module in D.modules())
    regularisers.family.create("spectral_norm", {}).build(D)
    taken = [type(module) for module in D.modules() if hasattr(module, "parametrizations")]
    assert len(taken) == 11
    assert D(torch.zeros(2, 3, 32, 32)).logits.shape == (2,)


def test_channels_last_holds_from_g_through_d():
    players = made(generator_width=8, discriminator_width=8)
    G, D = (player.to(memory_format=torch.channels_last) for player in players)
    orders = []
    for module in [*G.modules(), *D.modules()]:
        if isinstance(module, nn.Conv2d | nn.BatchNorm2d):
            module.register_forward_pre_hook(
                lambda _, inputs: orders.append(inputs[0].is_contiguous(memory_format=torch.channels_last))
            )
    D(G(seeded(2, 7)))
    assert orders == [True] * (3 * 5 + 2 + 10)


@pytest.mark.parametrize("colours", [1, 6])
def test_any_number_of_channels(colours):
    G, D = made(16, colours=colours)
    x = G(torch.zeros(2, 7))
    assert x.shape == (2, colours, 16, 16)
    assert D(x).features.shape == (2, 5)


def test_other_pictures_are_refused_in_words():
    with pytest.raises(UnfitNetwork, match="resnet makes square pictures of 16, 32, 64 pixels; the samples have 28×28"):
        made(28)
