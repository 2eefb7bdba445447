import pytest
import torch
import torch.nn.functional as F
from torch import nn

from contract.resolve import InvalidSpec, resolve
from contract.spec import RunSpec
from worker import networks
from worker.catalogue import build_catalogue
from worker.networks import Problem, UnfitNetwork


def made(shape=(3, 32, 32), **params):
    network = networks.family.create("autoencoder", {"width": 4, "z_dim": 5, "code": 3, **params})
    problem = Problem(shape, {})
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network.generator(problem), network.discriminator(problem)


def seeded(*shape):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(0)) * 2 - 1


def convolved(player, x):
    """Shape of each convolution's output, in the order of the pass."""
    seen = []
    for module in player.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(lambda _, __, out: seen.append(tuple(out.shape[1:])))
    player(x)
    return seen


@pytest.mark.parametrize("shape", [(3, 16, 16), (2,)])
@pytest.mark.parametrize("power", [1, 2])
def test_the_logit_is_minus_the_mean_error_over_each_samples_numbers(shape, power):
    _, D = made(shape, power=power)
    x = seeded(2, *shape)
    verdict = D(x)
    assert verdict.reconstruction.shape == x.shape
    for logit, sample, copy in zip(verdict.logits, x, verdict.reconstruction, strict=True):
        errors = [abs(a - b) ** power for a, b in zip(sample.flatten().tolist(), copy.flatten().tolist(), strict=True)]
        torch.testing.assert_close(logit.item(), -sum(errors) / len(errors), rtol=1e-5, atol=0)


def test_features_are_the_code_that_the_decoder_sees():
    _, D = made(code=3)
    verdict = D(seeded(2, 3, 32, 32))
    assert verdict.features.shape == (2, 3)
    assert torch.equal(D.decoder(verdict.features), verdict.reconstruction)


def test_maps_are_those_of_the_public_code():
    G, D = made((3, 32, 32))
    decoder = [(4, 8, 8)] * 2 + [(4, 16, 16)] * 2 + [(4, 32, 32)] * 2 + [(3, 32, 32)]
    assert convolved(G, torch.zeros(1, 5)) == decoder
    encoder = [(4, 32, 32)] * 3 + [(4, 16, 16)] + [(8, 16, 16)] * 2 + [(8, 8, 8)] + [(12, 8, 8)] * 2
    assert convolved(D, torch.zeros(1, 3, 32, 32)) == encoder + decoder


@pytest.mark.parametrize("size", [16, 32, 64])
def test_there_are_log2_of_the_size_less_2_scales(size):
    G, _ = made((3, size, size))
    assert sum(isinstance(module, nn.Conv2d) for module in G.modules()) == 2 * (size.bit_length() - 1 - 2) + 1


def test_sizes_by_hand():
    G, D = made((3, 16, 16))
    # Decoder: linear to 8·8·4; four 4→4; 4→3.
    convolutions = 4 * (9 * 16 + 4) + 9 * 12 + 3
    assert sum(p.numel() for p in G.parameters()) == (5 + 1) * 256 + convolutions
    # Encoder: 3→4; two 4→4 and one of stride 2; 4→8, 8→8; linear 8·8·8 → 3.
    encoder = 9 * 12 + 4 + 3 * (9 * 16 + 4) + 9 * 32 + 8 + 9 * 64 + 8 + 512 * 3 + 3
    assert sum(p.numel() for p in D.parameters()) == encoder + (3 + 1) * 256 + convolutions


def test_d_equals_its_layers_written_out():
    _, D = made((3, 16, 16))
    x = seeded(2, 3, 16, 16)
    down = [layer for layer in D.encoder.down if isinstance(layer, nn.Conv2d)]
    up = [layer for layer in D.decoder.up if isinstance(layer, nn.Conv2d)]

    def elu(h):
        return torch.where(h > 0, h, h.exp() - 1)

    h = x
    for layer, stride in zip(down, (1, 1, 1, 2, 1, 1), strict=True):
        h = elu(F.conv2d(h, layer.weight, layer.bias, stride=stride, padding=1))
    code = h.reshape(2, -1) @ D.encoder.code.weight.T + D.encoder.code.bias
    h = (code @ D.decoder.project.weight.T + D.decoder.project.bias).reshape(2, 8, 8, 4).permute(0, 3, 1, 2)
    for index, layer in enumerate(up[:-1]):
        if index == 2:
            h = h.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
        h = elu(F.conv2d(h, layer.weight, layer.bias, padding=1))
    h = F.conv2d(h, up[-1].weight, up[-1].bias, padding=1)
    torch.testing.assert_close(D(x).reconstruction, h, rtol=1e-4, atol=1e-5)


def test_gs_pictures_are_bounded_and_ds_are_not():
    G, D = made((3, 16, 16))
    for player in (G, D):
        for parameter in player.parameters():
            parameter.data *= 5
    assert G(seeded(4, 5)).abs().max() <= 1
    assert D(seeded(4, 3, 16, 16)).reconstruction.abs().max() > 1


@pytest.mark.parametrize(
    ("parts", "where", "why"),
    [
        ({"loss": {"name": "hinge"}}, "losses.hinge", "hinge does not go with autoencoder (reconstruction)"),
        (
            {"network": {"name": "dcgan"}},
            "losses.began",
            "began needs a network with reconstruction: autoencoder; this spec has dcgan",
        ),
        (
            {"conditioning": {"name": "projection"}},
            "networks.autoencoder",
            "autoencoder does not go with projection (conditioned)",
        ),
    ],
)
def test_what_cannot_be_played_is_refused_when_the_run_is_created(tmp_path, parts, where, why):
    asked = {"dataset": {"name": "faces"}, "network": {"name": "autoencoder"}, "loss": {"name": "began"}}
    catalogue = build_catalogue(tmp_path)
    assert resolve(RunSpec.model_validate(asked), catalogue).network.params["power"] == 1
    with pytest.raises(InvalidSpec) as caught:
        resolve(RunSpec.model_validate(asked | parts), catalogue)
    assert (where, why) in [(problem.where, problem.message) for problem in caught.value.problems]


def test_points_go_through_two_hidden_layers_each_way():
    G, D = made((2,), width=6, code=1)
    assert sum(p.numel() for p in G.parameters()) == 6 * 6 + 7 * 6 + 7 * 2
    assert sum(p.numel() for p in D.parameters()) == (3 * 6 + 7 * 6 + 7) + (2 * 6 + 7 * 6 + 7 * 2)
    for parameter in G.parameters():
        parameter.data *= 5
    assert G(seeded(40, 5)).abs().max() > 1


def test_a_d_that_has_seen_real_samples_reconstructs_them_better_than_others():
    _, D = made((2,), width=16, code=1)
    real, other = seeded(64, 2) * torch.tensor([1.0, 0.0]), seeded(64, 2) * torch.tensor([0.0, 1.0])
    optimiser = torch.optim.Adam(D.parameters(), 0.01)
    for _ in range(150):
        optimiser.zero_grad()
        (-D(real).logits.mean()).backward()
        optimiser.step()
    # High logit means real: a code of one number can follow one line only.
    assert D(real).logits.mean() > D(other).logits.mean() + 0.2


@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_labels_are_refused_in_words(player):
    network = networks.family.create("autoencoder", {})
    with pytest.raises(UnfitNetwork, match="no place for labels; take conditioning 'none'"):
        getattr(network, player)(Problem((3, 16, 16), {"hair": 2}))


def test_other_pictures_are_refused_in_words():
    with pytest.raises(UnfitNetwork, match=r"autoencoder makes square pictures.*28×28"):
        made((3, 28, 28))
