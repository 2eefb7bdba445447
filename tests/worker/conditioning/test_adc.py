import math

import torch
from torch.testing import assert_close

from worker import conditioning
from worker.networks._parts import VerdictLayers
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}
REAL_LABELS = torch.tensor([[0, 1], [2, 0]])
FAKE_LABELS = torch.tensor([[1, 1], [1, 0]])
STREAM = torch.Generator().manual_seed(0)


def begun(**params):
    component = conditioning.family.create("adc", params)
    component.begin(ATTRIBUTES)
    return component


def verdict(hair, eyes):
    return Verdict(logits=torch.zeros(2), private={"hair": torch.tensor(hair), "eyes": torch.tensor(eyes)})


def drawn():
    return {name: torch.randn(2, 2 * n, generator=STREAM).tolist() for name, n in ATTRIBUTES.items()}


def cross_entropy(rows, targets):
    total = 0.0
    for row, target in zip(rows, targets, strict=True):
        total += math.log(sum(math.exp(value) for value in row)) - row[target]
    return total / len(rows)


REAL, FAKE = drawn(), drawn()


def test_d_names_real_classes_even_and_fake_ones_odd():
    parts = begun().discriminator(verdict(**REAL), verdict(**FAKE), REAL_LABELS, FAKE_LABELS).parts
    hair = cross_entropy(REAL["hair"], [0, 4]) + cross_entropy(FAKE["hair"], [3, 3])
    eyes = cross_entropy(REAL["eyes"], [2, 0]) + cross_entropy(FAKE["eyes"], [3, 1])
    assert_close([parts["hair"].item(), parts["eyes"].item()], [hair, eyes], rtol=1e-5, atol=0)


def test_g_wants_real_of_its_class_and_not_fake_of_it():
    parts = begun().generator(verdict(**FAKE), FAKE_LABELS).parts
    hair = cross_entropy(FAKE["hair"], [2, 2]) - cross_entropy(FAKE["hair"], [3, 3])
    eyes = cross_entropy(FAKE["eyes"], [2, 0]) - cross_entropy(FAKE["eyes"], [3, 1])
    assert_close([parts["hair"].item(), parts["eyes"].item()], [hair, eyes], rtol=1e-5, atol=1e-6)


def test_a_head_that_knows_nothing_costs_d_the_logs_of_the_joint_classes_and_g_nothing():
    unknowing = verdict([[0.0] * 6] * 2, [[0.0] * 4] * 2)
    d = begun().discriminator(unknowing, unknowing, REAL_LABELS, FAKE_LABELS)
    assert_close([part.item() for part in d.parts.values()], [2 * math.log(6), 2 * math.log(4)], rtol=1e-6, atol=0)
    assert begun().generator(unknowing, FAKE_LABELS).total.item() == 0


def test_g_stays_exact_where_d_is_sure():
    sure = verdict([[0.0, 0.0, -300.0, 200.0, 0.0, 0.0]] * 2, [[0.0] * 4] * 2)
    assert begun().generator(sure, FAKE_LABELS).parts["hair"].item() == 500.0


def test_weights_scale_both_totals_and_leave_the_parts_alone():
    component = begun(weight=2.0, weights={"eyes": 0.5})
    for term in (
        component.discriminator(verdict(**REAL), verdict(**FAKE), REAL_LABELS, FAKE_LABELS),
        component.generator(verdict(**FAKE), FAKE_LABELS),
    ):
        assert_close(term.total, 2 * (term.parts["hair"] + 0.5 * term.parts["eyes"]))
    plain = begun().generator(verdict(**FAKE), FAKE_LABELS)
    assert torch.equal(plain.parts["eyes"], term.parts["eyes"])


def test_class_logits_are_the_probability_of_the_class_real_or_fake():
    answer = VerdictLayers(4, begun().head)(torch.randn(5, 4, generator=STREAM))
    for attribute, n in ATTRIBUTES.items():
        joint = answer.private[attribute].softmax(1)
        assert joint.shape == (5, 2 * n)
        expected = torch.stack([joint[:, 2 * y] + joint[:, 2 * y + 1] for y in range(n)], dim=1)
        assert_close(answer.auxiliary[attribute].softmax(1), expected)
