"""What every conditioning must keep to. A new file in worker/conditioning is taken up by itself."""

import pytest
import torch

from worker import conditioning, regularisers
from worker.networks._parts import VerdictLayers
from worker.registry import InvalidParams

ATTRIBUTES = {"hair": 3, "eyes": 2}
EVERY_CONDITIONING = pytest.mark.parametrize("name", conditioning.family.names)
REAL_LABELS = torch.tensor([[0, 1], [2, 0], [1, 1]])
FAKE_LABELS = torch.tensor([[1, 0], [0, 1], [2, 1]])


def begun(name):
    component = conditioning.family.create(name, {})
    component.begin(ATTRIBUTES)
    return component


def discriminator(component):
    """The end of a D with the conditioning's head, from a fixed seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return VerdictLayers(6, component.head if component.labels_generator else None)


def features(seed, copies=1):
    stream = torch.Generator().manual_seed(seed)
    return torch.randn(3, 6, generator=stream).repeat(copies, 1).requires_grad_()


def both_terms(component, copies=1):
    D, real_labels, fake_labels = discriminator(component), REAL_LABELS.repeat(copies, 1), FAKE_LABELS.repeat(copies, 1)
    real, fake = D(features(1, copies), real_labels), D(features(2, copies), fake_labels)
    return [component.discriminator(real, fake, real_labels, fake_labels), component.generator(fake, fake_labels)]


@EVERY_CONDITIONING
def test_class_logits_are_for_the_attributes_of_the_dataset(name):
    verdict = discriminator(begun(name))(features(1), REAL_LABELS)
    assert all(logits.shape == (3, ATTRIBUTES[attribute]) for attribute, logits in verdict.auxiliary.items())
    assert conditioning.family.find(name).provides.get("auxiliary", False) == bool(verdict.auxiliary)


@EVERY_CONDITIONING
def test_who_gives_labels_to_g_says_so(name):
    component = begun(name)
    assert component.labels_generator == conditioning.family.find(name).provides.get("conditioned", False)


@EVERY_CONDITIONING
def test_terms_are_finite_scalars_by_attribute(name):
    for term in filter(None, both_terms(begun(name))):
        assert term.total.shape == ()
        assert term.total.isfinite()
        assert set(term.parts) <= set(ATTRIBUTES)
        assert all(part.shape == () and part.isfinite() for part in term.parts.values())


@EVERY_CONDITIONING
def test_doubling_the_batch_changes_nothing_unless_the_term_is_about_the_whole_batch(name):
    component = begun(name)
    for once, twice in zip(both_terms(component), both_terms(component, copies=2), strict=True):
        if once is None:
            assert twice is None
        elif component.batchwise:
            assert not torch.isclose(twice.total, once.total, rtol=1e-3)
        else:
            # A part may be a difference: what is left of it has the rounding errors of its terms.
            torch.testing.assert_close(twice.total, once.total, rtol=1e-6, atol=1e-6)


@EVERY_CONDITIONING
def test_the_order_of_the_batch_changes_nothing(name):
    component = begun(name)
    D = discriminator(component)
    real, fake = D(features(1), REAL_LABELS), D(features(2), FAKE_LABELS)
    turned_real = D(features(1).roll(1, 0), REAL_LABELS.roll(1, 0))
    turned_fake = D(features(2).flip(0), FAKE_LABELS.flip(0))
    in_order = [component.discriminator(real, fake, REAL_LABELS, FAKE_LABELS), component.generator(fake, FAKE_LABELS)]
    turned = [
        component.discriminator(turned_real, turned_fake, REAL_LABELS.roll(1, 0), FAKE_LABELS.flip(0)),
        component.generator(turned_fake, FAKE_LABELS.flip(0)),
    ]
    torch.testing.assert_close(turned_real.logits, real.logits.roll(1, 0))
    for one, other in zip(in_order, turned, strict=True):
        if one is not None:
            torch.testing.assert_close(other.total, one.total, rtol=1e-5, atol=1e-6)


@EVERY_CONDITIONING
def test_a_dataset_without_labels_is_refused_where_labels_are_needed(name):
    component = conditioning.family.create(name, {})
    if component.labels_generator:
        with pytest.raises(InvalidParams, match=f"'{name}' needs a dataset with labels"):
            component.begin({})
    else:
        component.begin({})


@EVERY_CONDITIONING
def test_spectral_norm_takes_in_every_weight_that_sees_features(name):
    component = begun(name)
    D = discriminator(component)
    spectral_norm = regularisers.family.create("spectral_norm", {})
    spectral_norm.build(D)
    verdict = D(features(1), REAL_LABELS)
    assert verdict.logits.isfinite().all()
    # Biases stay as they are: nothing else is left unnormalised.
    loose = [key for key, value in D.named_parameters() if value.ndim > 1 and "parametrizations" not in key]
    assert loose == []


@EVERY_CONDITIONING
def test_labels_move_d_and_g(name):
    """Through the terms, or through the logits themselves: both players' losses depend on the labels."""
    component = begun(name)
    if not component.labels_generator:
        return
    D, seen = discriminator(component), features(2)
    fake = D(seen, FAKE_LABELS)
    term = component.generator(fake, FAKE_LABELS)
    loss = fake.logits.mean() + (0 if term is None else term.total)
    (gradient,) = torch.autograd.grad(loss, seen)
    other = D(seen, FAKE_LABELS.flip(0))
    term = component.generator(other, FAKE_LABELS.flip(0))
    (flipped,) = torch.autograd.grad(other.logits.mean() + (0 if term is None else term.total), seen)
    assert not torch.equal(gradient, flipped)
    real = D(features(1), REAL_LABELS)
    of_d = component.discriminator(real, D(seen, FAKE_LABELS), REAL_LABELS, FAKE_LABELS)
    total = real.logits.mean() + (0 if of_d is None else of_d.total)
    weights = list(D.label_head.parameters())
    reached = torch.autograd.grad(total, weights, allow_unused=True, materialize_grads=True)
    assert sum(gradient.abs().sum() for gradient in reached) > 0
