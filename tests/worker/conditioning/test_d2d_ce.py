import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from contract.knobs import knobs_of
from worker import conditioning
from worker.networks._parts import VerdictLayers
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}
LABELS = torch.tensor([[0, 1], [2, 0], [1, 1], [2, 1], [0, 0], [2, 0]])


def begun(attributes=ATTRIBUTES, **params):
    component = conditioning.family.create("d2d_ce", {"dimensions": 4, **params})
    component.begin(attributes)
    return component


def answers(component, seed=0, n_samples=6):
    """A D with the head, and its verdict on features that are drawn."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        D = VerdictLayers(5, component.head)
        return D, 3 * torch.randn(n_samples, 5)


def unit(rows):
    return rows / np.sqrt((rows**2).sum(axis=1, keepdims=True))


def by_loops(embedded, proxies, labels, m_p, tau):
    """The formula of papers.md, sample by sample, in float64; vectors need not be of length 1 yet."""
    f, v = unit(np.asarray(embedded, dtype=np.float64)), unit(np.asarray(proxies, dtype=np.float64))
    total = 0.0
    for i, own in enumerate(labels):
        pull = max(0.0, (m_p - f[i] @ v[own]) / tau)
        inside = math.exp(-pull)
        for j, other in enumerate(labels):
            if other != own:
                inside += math.exp(max(0.0, (f[i] @ f[j] - (1 - m_p)) / tau))
        total += pull + math.log(inside)
    return total / len(labels)


@pytest.mark.parametrize(("margin", "temperature"), [(0.98, 0.5), (0.5, 0.1), (0.0, 1.0), (1.0, 2.0)])
def test_equals_loops_over_samples_in_float64(margin, temperature):
    component = begun(margin=margin, temperature=temperature)
    D, features = answers(component)
    expected = {}
    for column, name in enumerate(ATTRIBUTES):
        embedded = D.label_head.embeddings[column](features).detach().numpy()
        proxies = D.label_head.proxies[column].weight.detach().numpy()
        expected[name] = by_loops(embedded, proxies, LABELS[:, column].tolist(), margin, temperature)
    parts = component.generator(D(features), LABELS).parts
    assert_close({name: part.item() for name, part in parts.items()}, expected, rtol=1e-5, atol=1e-6)


def test_worked_example():
    """Two samples of two classes at right angles, each half way (cosine ½) to its own proxy."""
    component = begun({"hair": 2}, margin=0.9, temperature=0.5)
    embedded = torch.eye(2)
    verdict = Verdict(torch.zeros(2), {"hair": torch.full((2, 2), 0.5)}, private={"hair": embedded})
    # pull = 0.4 / 0.5; cosine 0 between them is below 1 - 0.9, so the push is exp(0).
    expected = 0.8 + math.log(math.exp(-0.8) + 1)
    assert_close(
        component.generator(verdict, torch.tensor([[0], [1]])).parts["hair"].item(), expected, rtol=1e-6, atol=0
    )


def test_easy_samples_are_neither_pulled_nor_pushed():
    component = begun({"hair": 2}, margin=0.9)
    embedded = torch.eye(2, requires_grad=True)
    cosines = embedded @ torch.eye(2)
    part = component.generator(
        Verdict(torch.zeros(2), {"hair": cosines}, private={"hair": embedded}), torch.arange(2)[:, None]
    ).parts["hair"]
    part.backward()
    assert_close(part.item(), math.log(2), rtol=1e-6, atol=0)
    assert embedded.grad.abs().max() == 0


def test_a_batch_of_one_class_costs_nothing():
    component = begun()
    D, features = answers(component)
    term = component.generator(D(features), torch.ones(6, 2, dtype=torch.int64))
    assert_close(term.total.item(), 0.0, rtol=0, atol=1e-6)
    term.total.backward()
    assert all(parameter.grad.isfinite().all() for parameter in D.label_head.parameters())


def test_strict_temperatures_do_not_overflow():
    component = begun(temperature=0.01)
    D, features = answers(component)
    term = component.generator(D(features), LABELS)
    term.total.backward()
    assert term.total.isfinite()
    assert all(parameter.grad.isfinite().all() for parameter in D.label_head.parameters())


def test_its_second_derivatives_are_finite():
    component = begun()
    D, features = answers(component)
    weights = list(D.label_head.parameters())
    first = torch.autograd.grad(component.generator(D(features), LABELS).total, weights, create_graph=True)
    second = torch.autograd.grad(sum(gradient.square().sum() for gradient in first), weights)
    assert all(gradient.isfinite().all() for gradient in second)


def test_d_is_about_the_real_batch_alone_and_g_about_its_own():
    component = begun()
    D, features = answers(component)
    one, other = D(features), D(features.flip(0) + 1)
    labels = LABELS.roll(1, 0)
    d = component.discriminator(one, other, LABELS, labels)
    assert torch.equal(d.total, component.generator(one, LABELS).total)
    assert not torch.equal(d.total, component.discriminator(other, one, labels, LABELS).total)


def test_length_of_features_and_proxies_does_not_matter():
    component = begun()
    D, features = answers(component)
    for embedding in D.label_head.embeddings:
        torch.nn.init.zeros_(embedding.bias)
    before = component.generator(D(features), LABELS).total
    for proxies in D.label_head.proxies:
        proxies.weight.data *= 7
    assert_close(component.generator(D(5 * features), LABELS).total, before, rtol=1e-5, atol=0)
    verdict = D(features)
    assert_close(verdict.private["hair"].norm(dim=1), torch.ones(6))
    assert verdict.auxiliary["hair"].abs().max() <= 1 + 1e-6


def test_weights_scale_the_total_and_half_is_the_default():
    component = begun(weights={"eyes": 0.25})
    D, features = answers(component)
    term = component.generator(D(features), LABELS)
    assert_close(term.total, 0.5 * (term.parts["hair"] + 0.25 * term.parts["eyes"]))


def test_knobs_with_their_bounds():
    component = begun()
    knobs = knobs_of("d2d_ce", type(component.params).model_json_schema(), component.params.model_dump())
    assert {knob.name: (knob.default, knob.minimum, knob.maximum) for knob in knobs} == {
        "d2d_ce.weight": (0.5, 0, 100),
        "d2d_ce.weights.hair": (1.0, 0, 100),
        "d2d_ce.weights.eyes": (1.0, 0, 100),
        "d2d_ce.margin": (0.98, 0, 1),
        "d2d_ce.temperature": (0.5, 0.01, 10),
    }
