"""What every pair of networks must keep to. A new file in worker/networks is taken up by itself."""

import pytest
import torch

from worker import networks
from worker.conditioning._heads import ClassHeads
from worker.networks import Problem, UnfitNetwork

SHAPES = {"points": (2,), "image": (3, 16, 16), "scalar": (1,)}
SMALL = {
    "autoencoder": {"width": 4, "z_dim": 5, "code": 3},
    "dcgan": {"width": 4, "z_dim": 5},
    "mlp": {"generator_width": 16, "discriminator_width": 16},
    "resnet": {"generator_width": 4, "discriminator_width": 4, "z_dim": 5},
}
CLASSES = {"hair": 3, "eyes": 2}
EVERY_NETWORK = pytest.mark.parametrize("name", networks.family.names)


def kinds(name):
    """The kinds of samples that the network says it fits."""
    kind = networks.family.find(name).needs["sample"]
    return [kind] if isinstance(kind, str) else kind


EVERY_KIND = pytest.mark.parametrize(
    ("name", "kind"), [(name, kind) for name in networks.family.names for kind in kinds(name)]
)


def created(name):
    return networks.family.create(name, SMALL.get(name, {}))


def heads(classes):
    return (lambda n_features: ClassHeads(n_features, classes)) if classes else None


def players(name, kind=None, classes=None, headed=None):
    """The network and both its players, from a fixed seed."""
    network = created(name)
    problem = Problem(SHAPES[kind or kinds(name)[0]], classes or {}, heads(headed))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return network, network.generator(problem), network.discriminator(problem)


def accepts_labels(name):
    try:
        players(name, classes=CLASSES, headed=CLASSES)
    except UnfitNetwork:
        return False
    return True


LABELLED = pytest.mark.parametrize("name", [name for name in networks.family.names if accepts_labels(name)])


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def draw_labels(n):
    return torch.stack([torch.randint(n_classes, (n,), generator=seeded()) for n_classes in CLASSES.values()], dim=1)


@EVERY_KIND
def test_shapes_of_samples_and_verdicts(name, kind):
    network, G, D = players(name, kind)
    z = network.latents(6, seeded())
    assert z.shape == (6, network.z_dim)
    x = G(z, None)
    assert x.shape == (6, *SHAPES[kind])
    assert x.isfinite().all()
    verdict = D(x, None)
    assert verdict.logits.shape == (6,)
    assert verdict.auxiliary == {}
    assert verdict.features.shape[0] == 6
    assert verdict.features.ndim == 2
    reconstructs = networks.family.find(name).provides.get("reconstruction", False)
    assert reconstructs == (verdict.reconstruction is not None)
    assert not reconstructs or verdict.reconstruction.shape == x.shape


@pytest.mark.parametrize("name", [name for name in networks.family.names if "image" in kinds(name)])
def test_pictures_are_in_the_range_of_the_data(name):
    network, G, _ = players(name, "image")
    for parameter in G.parameters():
        parameter.data *= 30  # so that nothing but its last layer keeps the samples small
    assert G(network.latents(6, seeded()), None).abs().max() <= 1


@EVERY_NETWORK
def test_latents_are_standard_normal_and_come_from_the_given_stream(name):
    network = created(name)
    outside = torch.get_rng_state()
    z = network.latents(1000, seeded())
    assert torch.equal(z, network.latents(1000, seeded()))
    assert torch.equal(torch.get_rng_state(), outside)
    # Of n standard normals the mean has the error 1/√n and the mean square √(2/n): five of those are allowed.
    assert abs(z.mean().item()) < 5 / z.numel() ** 0.5
    assert abs(z.square().mean().item() - 1) < 5 * (2 / z.numel()) ** 0.5


@EVERY_KIND
def test_same_seed_same_weights(name, kind):
    for first, second in zip(players(name, kind)[1:], players(name, kind)[1:], strict=True):
        state = second.state_dict()
        assert all(torch.equal(value, state[key]) for key, value in first.state_dict().items())


@EVERY_KIND
def test_gradient_reaches_every_parameter_of_both_players(name, kind):
    network, G, D = players(name, kind)
    D(G(network.latents(6, seeded()), None), None).logits.square().sum().backward()
    for parameter in [*G.parameters(), *D.parameters()]:
        assert parameter.grad is not None
        assert parameter.grad.isfinite().all()
        assert parameter.grad.abs().sum() > 0


@EVERY_KIND
def test_in_eval_mode_each_sample_is_made_and_judged_alone(name, kind):
    network, G, D = players(name, kind)
    G.eval()
    D.eval()
    z = network.latents(4, seeded())
    x = G(z, None)
    torch.testing.assert_close(G(z[:1], None), x[:1], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(D(x[:1], None).logits, D(x, None).logits[:1], rtol=1e-4, atol=1e-6)


@EVERY_KIND
def test_memory_order_changes_nothing(name, kind):
    network, G, D = players(name, kind)
    z = network.latents(4, seeded())
    x = G(z, None).detach().contiguous()
    logits = D(x, None).logits
    _, G, D = players(name, kind)
    G, D = (player.to(memory_format=torch.channels_last) for player in (G, D))
    torch.testing.assert_close(G(z, None), x, rtol=1e-3, atol=1e-6)
    if x.ndim == 4:
        x = x.contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(D(x, None).logits, logits, rtol=1e-3, atol=1e-6)


@LABELLED
def test_each_attribute_has_a_head(name):
    network, G, D = players(name, classes=CLASSES, headed=CLASSES)
    verdict = D(G(network.latents(6, seeded()), draw_labels(6)), None)
    assert {attribute: logits.shape for attribute, logits in verdict.auxiliary.items()} == {
        "hair": (6, 3),
        "eyes": (6, 2),
    }
    sum(logits.square().sum() for logits in verdict.auxiliary.values()).backward()
    assert all(parameter.grad is not None for parameter in G.parameters())


@LABELLED
@pytest.mark.parametrize("attribute", range(len(CLASSES)))
def test_a_label_changes_its_own_sample_and_no_other(name, attribute):
    network, G, _ = players(name, classes=CLASSES)
    G.eval()
    z, labels = network.latents(4, seeded()), torch.zeros(4, 2, dtype=torch.int64)
    before = G(z, labels)
    labels[1, attribute] = 1
    changed = (G(z, labels) != before).flatten(1).any(1)
    assert changed.tolist() == [False, True, False, False]


@LABELLED
def test_attributes_may_be_called_anything(name):
    awkward = {"type": 2, "keys": 3, "hair colour": 2, "a.b": 2}
    network, G, D = players(name, classes=awkward, headed=awkward)
    verdict = D(G(network.latents(2, seeded()), torch.zeros(2, 4, dtype=torch.int64)), None)
    assert {attribute: logits.shape[1] for attribute, logits in verdict.auxiliary.items()} == awkward


@LABELLED
def test_missing_labels_are_refused_in_words(name):
    network, G, _ = players(name, classes=CLASSES)
    with pytest.raises(ValueError, match="needs labels for hair, eyes"):
        G(network.latents(2, seeded()), None)


@EVERY_NETWORK
@pytest.mark.parametrize("player", ["generator", "discriminator"])
def test_an_unfit_shape_is_refused_with_the_shape(name, player):
    with pytest.raises(UnfitNetwork, match=r"\(3, 17\)"):
        getattr(created(name), player)(Problem((3, 17), {}))
