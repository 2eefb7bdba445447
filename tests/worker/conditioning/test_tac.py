import math

import torch
from torch.testing import assert_close

from worker import conditioning
from worker.networks._parts import VerdictLayers
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}
LABELS = torch.tensor([[0, 1], [2, 0]])
OTHER_LABELS = torch.tensor([[1, 1], [1, 1]])


def begun(**params):
    component = conditioning.family.create("tac", params)
    component.begin(ATTRIBUTES)
    return component


def log(*probabilities):
    return [[math.log(p) for p in probabilities]] * 2


def verdict(first, twin):
    def by_attribute(hair, eyes):
        return {"hair": torch.tensor(log(*hair)), "eyes": torch.tensor(log(*eyes))}

    return Verdict(logits=torch.zeros(2), auxiliary=by_attribute(*first), private=by_attribute(*twin))


# Softmax of logits log p is p. Heads that D's term must not read hold numbers that would show.
UNREAD = ((0.01, 0.01, 0.98), (0.01, 0.99))
REAL = verdict(((0.5, 0.25, 0.25), (0.5, 0.5)), UNREAD)
FAKE = verdict(((0.1, 0.8, 0.1), (0.2, 0.8)), ((0.3, 0.4, 0.3), (0.75, 0.25)))


def test_d_learns_real_labels_in_the_first_head_and_fake_ones_in_the_twin():
    parts = begun().discriminator(REAL, FAKE, LABELS, OTHER_LABELS).parts
    hair = (-math.log(0.5) - math.log(0.25)) / 2 - math.log(0.4)
    eyes = -math.log(0.5) - math.log(0.25)
    assert_close([parts["hair"].item(), parts["eyes"].item()], [hair, eyes], rtol=1e-6, atol=0)


def test_g_pays_the_first_head_and_is_paid_by_the_twin():
    parts = begun().generator(FAKE, OTHER_LABELS).parts
    hair, eyes = -math.log(0.8) + math.log(0.4), -math.log(0.8) + math.log(0.25)
    assert_close([parts["hair"].item(), parts["eyes"].item()], [hair, eyes], rtol=1e-5, atol=0)


def test_the_twins_weight_counts_in_both_parts_and_is_read_at_each_step():
    component = begun()
    component.params.twin = 0.5
    d = component.discriminator(REAL, FAKE, LABELS, OTHER_LABELS).parts["eyes"].item()
    g = component.generator(FAKE, OTHER_LABELS).parts["eyes"].item()
    assert_close([d, g], [math.log(2) + 0.5 * math.log(4), -math.log(0.8) - 0.5 * math.log(4)], rtol=1e-6, atol=0)


def test_without_the_twin_g_pays_what_an_auxiliary_classifier_asks():
    plain = conditioning.family.create("auxiliary", {})
    plain.begin(ATTRIBUTES)
    assert torch.equal(begun(twin=0.0).generator(FAKE, LABELS).total, plain.generator(FAKE, LABELS).total)


def test_heads_that_know_nothing_cost_d_the_logs_twice_and_g_nothing():
    even = ((1 / 3,) * 3, (0.5, 0.5))
    unknowing = verdict(even, even)
    d = begun().discriminator(unknowing, unknowing, LABELS, OTHER_LABELS)
    assert_close([part.item() for part in d.parts.values()], [2 * math.log(3), 2 * math.log(2)], rtol=1e-6, atol=0)
    assert begun().generator(unknowing, LABELS).total.item() == 0


def test_weights_scale_both_totals():
    component = begun(weight=2.0, weights={"eyes": 0.5})
    for term in (component.discriminator(REAL, FAKE, LABELS, OTHER_LABELS), component.generator(FAKE, LABELS)):
        assert_close(term.total, 2 * (term.parts["hair"] + 0.5 * term.parts["eyes"]))


def test_the_two_heads_are_two():
    D = VerdictLayers(4, begun().head)
    verdict = D(torch.ones(3, 4))
    first, twin = D.label_head.first.layers, D.label_head.twin.layers
    for column, attribute in enumerate(ATTRIBUTES):
        assert torch.equal(verdict.auxiliary[attribute], first[column](torch.ones(3, 4)))
        assert torch.equal(verdict.private[attribute], twin[column](torch.ones(3, 4)))
        assert not torch.equal(verdict.auxiliary[attribute], verdict.private[attribute])
