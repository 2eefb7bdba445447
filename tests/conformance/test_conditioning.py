"""What every conditioning must keep to. A new file in worker/conditioning is taken up by itself."""

import pytest
import torch

from worker import conditioning
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}
EVERY_CONDITIONING = pytest.mark.parametrize("name", conditioning.family.names)
REAL_LABELS = torch.tensor([[0, 1], [2, 0], [1, 1]])
FAKE_LABELS = torch.tensor([[1, 0], [0, 1], [2, 1]])


def begun(name):
    component = conditioning.family.create(name, {})
    component.begin(ATTRIBUTES)
    return component


def verdict(component, seed, copies=1):
    stream = torch.Generator().manual_seed(seed)
    auxiliary = {head: torch.randn(3, n, generator=stream).repeat(copies, 1) for head, n in component.heads().items()}
    for logits in auxiliary.values():
        logits.requires_grad_()
    return Verdict(logits=torch.randn(3, generator=stream).repeat(copies), auxiliary=auxiliary)


def both_terms(component, copies=1):
    real, fake = verdict(component, 1, copies), verdict(component, 2, copies)
    real_labels, fake_labels = REAL_LABELS.repeat(copies, 1), FAKE_LABELS.repeat(copies, 1)
    return [component.discriminator(real, fake, real_labels, fake_labels), component.generator(fake, fake_labels)]


@EVERY_CONDITIONING
def test_heads_are_for_attributes_of_the_dataset(name):
    heads = begun(name).heads()
    assert all(ATTRIBUTES[attribute] == n_classes for attribute, n_classes in heads.items())


@EVERY_CONDITIONING
def test_terms_are_finite_scalars_by_attribute(name):
    for term in filter(None, both_terms(begun(name))):
        assert term.total.shape == ()
        assert term.total.isfinite()
        assert set(term.parts) <= set(ATTRIBUTES)
        assert all(part.shape == () and part.isfinite() for part in term.parts.values())


@EVERY_CONDITIONING
def test_doubling_the_batch_changes_nothing(name):
    component = begun(name)
    for once, twice in zip(both_terms(component), both_terms(component, copies=2), strict=True):
        if once is None:
            assert twice is None
        else:
            torch.testing.assert_close(twice.total, once.total, rtol=1e-6, atol=0)


@EVERY_CONDITIONING
def test_gradient_reaches_the_heads_that_it_asked_for(name):
    component = begun(name)
    fake = verdict(component, 2)
    term = component.generator(fake, FAKE_LABELS)
    if term is not None:
        term.total.backward()
        assert all(logits.grad.abs().sum() > 0 for logits in fake.auxiliary.values())
