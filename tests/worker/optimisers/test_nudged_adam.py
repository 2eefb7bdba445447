"""Directions and updates against the dense Hessian of a tiny net in float64, eigenvectors by NumPy."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call

from tests.worker.optimisers.by_hand import AdamByHand
from worker import optimisers
from worker.optimisers import UpdateView

VARIANTS = pytest.mark.parametrize("variant", ["gradient", "update"])


def loss_of(module, given=None):
    x = torch.randn(16, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    logits = module(x) if given is None else functional_call(module, given, (x,))
    return nn.functional.softplus(-logits).mean()


def tiny(seed=0):
    """21 weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double()


def dense(module):
    """Eigenvalues, largest first, and eigenvectors as rows."""
    shapes = {name: parameter.shape for name, parameter in module.named_parameters()}

    def loss(flat):
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        return loss_of(module, {name: p.view(s) for (name, s), p in zip(shapes.items(), pieces, strict=True)})

    values, vectors = np.linalg.eigh(hessian(loss, flat(module.parameters())).numpy())
    return values[::-1], vectors.T[::-1]


def flat(tensors):
    return torch.cat([tensor.detach().flatten() for tensor in tensors])


def made(**params):
    component = optimisers.family.create("nudged_adam", {"lr": 0.05, "k": 3, **params}, "optimiser.g")
    module = tiny()
    return component, component.build(module.parameters()), module


def noise(module, step):
    """A gradient unlike that of the loss, so that it has a share along every direction."""
    generator = torch.Generator().manual_seed(step)
    return [torch.randn(p.shape, generator=generator, dtype=p.dtype) for p in module.parameters()]


def play(component, optimiser, module, steps, first=1):
    """Steps with given gradients; what was reported, by step."""
    reports = {}
    for step in range(first, first + steps):
        for parameter, gradient in zip(module.parameters(), noise(module, step), strict=True):
            parameter.grad = gradient
        component.refresh(optimiser, step)
        view = UpdateView(step, list(module.parameters()), lambda: loss_of(module))
        reports[step] = component.before_update(optimiser, view)
        optimiser.step()
    return reports


def spared(x, vectors, strength):
    return x - (1 - strength) * sum((x @ v) * v for v in vectors)


def by_hand(variant, strength, threshold, k, steps, every):
    """The rule of the docstring in NumPy, with a dense Hessian at every look."""
    module = tiny()
    adam, w, vectors = AdamByHand(0.5, 0.999), flat(module.parameters()).numpy(), []
    for step in range(1, steps + 1):
        g = flat(noise(module, step)).numpy()
        if (step - 1) % every == 0:
            nn.utils.vector_to_parameters(torch.tensor(w), module.parameters())
            values, rows = dense(module)
            vectors = [row for value, row in zip(values[:k], rows[:k], strict=True) if value > threshold]
            if variant == "update" and step > 1:
                adam.m = spared(adam.m, vectors, strength)
        if variant == "gradient":
            w = w - 0.05 * adam.direction(spared(g, vectors, strength))
        else:
            w = w - 0.05 * spared(adam.direction(g), vectors, strength)
    return w


@VARIANTS
@pytest.mark.parametrize("strength", [0.0, 0.3])
def test_weights_are_those_of_the_rule_with_a_dense_hessian(variant, strength):
    component, optimiser, module = made(variant=variant, strength=strength, every=2)
    play(component, optimiser, module, 5)
    expected = by_hand(variant, strength, 0.0, 3, steps=5, every=2)
    # Eigenvectors settle to about 1e-5 (residual 1e-3 of λ₁, squared in the quotient but not in the vector).
    np.testing.assert_allclose(flat(module.parameters()).numpy(), expected, rtol=0, atol=2e-4)
    plain = by_hand(variant, 1.0, 0.0, 3, steps=5, every=2)
    assert np.abs(plain - expected).max() > 0.01


def test_eigenvalues_and_directions_are_the_largest_of_the_dense_hessian():
    component, optimiser, module = made()
    values, vectors = dense(module)
    report = play(component, optimiser, module, 1)[1]
    np.testing.assert_allclose(component.state_dict()["eigenvalues"].numpy(), values[:3], rtol=1e-5)
    overlaps = np.abs(component.state_dict()["directions"].numpy() @ vectors[:3].T)
    np.testing.assert_allclose(overlaps, np.eye(3), atol=1e-3)
    assert report == {"<entry>.eigenvalue": pytest.approx(values[0], rel=1e-6), "<entry>.nudged": 3}


@VARIANTS
def test_only_directions_above_the_threshold_are_nudged_and_the_threshold_counts_at_once(variant):
    values, vectors = dense(tiny())
    between = float(values[0] + values[1]) / 2
    component, optimiser, module = made(variant=variant, threshold=between, every=100, beta1=0.0)
    before = flat(module.parameters()).numpy()
    assert play(component, optimiser, module, 1)[1]["<entry>.nudged"] == 1
    moved = flat(module.parameters()).numpy() - before
    if variant == "update":
        assert abs(moved @ vectors[0]) < 1e-4 < abs(moved @ vectors[1])
    component.params.threshold = 1e9
    before = flat(module.parameters()).numpy()
    play(component, optimiser, module, 1, first=2)
    assert torch.equal(flat([p.grad for p in module.parameters()]), flat(noise(module, 2)))
    assert abs((flat(module.parameters()).numpy() - before) @ vectors[0]) > 1e-3


def test_the_update_has_no_share_along_a_removed_direction_and_the_gradient_variant_has():
    """Adam's scaling brings back what was removed from the gradient: that is why there are two variants."""
    _, vectors = dense(tiny())
    shares = {}
    for variant in ("gradient", "update"):
        component, optimiser, module = made(variant=variant)
        before = flat(module.parameters()).numpy()
        play(component, optimiser, module, 1)
        shares[variant] = np.abs(vectors[:3] @ (flat(module.parameters()).numpy() - before)).max()
    assert shares["update"] < 1e-4
    assert shares["gradient"] > 0.01


@VARIANTS
def test_full_strength_is_plain_adam(variant):
    component, optimiser, module = made(variant=variant, strength=1.0, every=2)
    play(component, optimiser, module, 4)
    w, adam = flat(tiny().parameters()).numpy(), AdamByHand(0.5, 0.999)
    for step in range(1, 5):
        w = w - 0.05 * adam.direction(flat(noise(module, step)).numpy())
    np.testing.assert_allclose(flat(module.parameters()).numpy(), w, rtol=1e-10)


def test_it_looks_once_every_so_many_steps_and_once_a_step_with_several_d_steps():
    component, optimiser, module = made(every=3)
    reports = play(component, optimiser, module, 7)
    assert [step for step, report in reports.items() if report] == [1, 4, 7]
    assert play(component, optimiser, module, 1, first=7)[7] == {}


@VARIANTS
def test_goes_on_bit_for_bit_between_two_looks(variant):
    component, optimiser, module = made(variant=variant, every=10)
    play(component, optimiser, module, 3)
    saved = {name: tensor.clone() for name, tensor in component.state_dict().items()}
    other, other_optimiser, other_module = made(variant=variant, every=10)
    play(other, other_optimiser, other_module, 3)
    other._directions.zero_()
    other._eigenvalues.fill_(-math.inf)
    other.load_state_dict(saved)
    play(component, optimiser, module, 3, first=4)
    play(other, other_optimiser, other_module, 3, first=4)
    assert torch.equal(flat(module.parameters()), flat(other_module.parameters()))


def test_state_has_one_shape_from_the_start():
    component, optimiser, module = made()
    before = {name: tensor.shape for name, tensor in component.state_dict().items()}
    play(component, optimiser, module, 1)
    assert {name: tensor.shape for name, tensor in component.state_dict().items()} == before
    assert before == {"directions": (3, 21), "eigenvalues": (3,)}


def test_more_directions_than_weights_are_no_error():
    component = optimisers.family.create("nudged_adam", {"k": 20}, "optimiser.g")
    weight = nn.Parameter(torch.tensor([2.0]))
    weight.grad = torch.tensor([1.0])
    optimiser = component.build([weight])
    report = component.before_update(optimiser, UpdateView(1, [weight], lambda: (weight**4).sum()))
    assert report == {"<entry>.eigenvalue": pytest.approx(48.0), "<entry>.nudged": 1}  # 12 w²
    assert weight.grad.item() == 0


def test_a_pair_that_has_not_settled_is_not_used_and_shows_as_nan():
    """On the straight spectrum 1, 2, ... 2,000, 25 products settle nothing."""
    component = optimisers.family.create("nudged_adam", {"k": 5, "products": 25}, "optimiser.g")
    weight = nn.Parameter(torch.ones(2000, dtype=torch.float64))
    optimiser = component.build([weight])
    weight.grad = torch.ones_like(weight)
    curved = torch.arange(1.0, 2001.0, dtype=torch.float64)
    report = component.before_update(optimiser, UpdateView(1, [weight], lambda: (curved * weight**2).sum() / 2))
    assert math.isnan(report["<entry>.eigenvalue"])
    assert report["<entry>.nudged"] == 0
    assert torch.equal(weight.grad, torch.ones_like(weight))


def test_players_full_of_nan_do_not_stop_the_run():
    component, optimiser, module = made()
    for parameter in module.parameters():
        nn.init.constant_(parameter, math.nan)
    report = play(component, optimiser, module, 2)[1]
    assert math.isnan(report["<entry>.eigenvalue"])
    assert flat(module.parameters()).isnan().all()
