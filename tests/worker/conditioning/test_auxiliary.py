import math

import pytest
import torch
from torch.testing import assert_close

from contract.knobs import knobs_of
from worker import conditioning
from worker.registry import InvalidParams
from worker.verdict import Verdict

ATTRIBUTES = {"hair": 3, "eyes": 2}
LABELS = torch.tensor([[0, 1], [2, 0]])
OTHER_LABELS = torch.tensor([[1, 1], [1, 1]])


def begun(**params):
    component = conditioning.family.create("auxiliary", params)
    component.begin(ATTRIBUTES)
    return component


def verdict(hair, eyes):
    return Verdict(logits=torch.zeros(2), auxiliary={"hair": torch.tensor(hair), "eyes": torch.tensor(eyes)})


# Softmax of logits log p is p, so these heads give the probabilities in the comments.
REAL = verdict([[math.log(0.5), math.log(0.25), math.log(0.25)]] * 2, [[0.0, 0.0]] * 2)  # hair ½ ¼ ¼, eyes ½ ½
FAKE = verdict([[math.log(0.1), math.log(0.8), math.log(0.1)]] * 2, [[math.log(0.2), math.log(0.8)]] * 2)

HAIR_REAL = (math.log(2) + math.log(4)) / 2
EYES_REAL = math.log(2)
HAIR_FAKE = -math.log(0.8)
EYES_FAKE = -math.log(0.8)


def test_d_pays_the_cross_entropy_on_real_and_on_fake():
    term = begun().discriminator(REAL, FAKE, LABELS, OTHER_LABELS)
    assert_close(term.parts["hair"].item(), HAIR_REAL + HAIR_FAKE, rtol=1e-6, atol=0)
    assert_close(term.parts["eyes"].item(), EYES_REAL + EYES_FAKE, rtol=1e-6, atol=0)
    assert_close(term.total.item(), HAIR_REAL + HAIR_FAKE + EYES_REAL + EYES_FAKE, rtol=1e-6, atol=0)


def test_d_can_be_told_to_learn_labels_from_real_samples_only():
    term = begun(fake_in_discriminator=False).discriminator(REAL, FAKE, LABELS, OTHER_LABELS)
    assert_close(term.total.item(), HAIR_REAL + EYES_REAL, rtol=1e-6, atol=0)


def test_g_pays_the_cross_entropy_of_its_own_labels():
    term = begun().generator(FAKE, OTHER_LABELS)
    assert_close(term.parts["hair"].item(), HAIR_FAKE, rtol=1e-6, atol=0)
    assert_close(term.total.item(), HAIR_FAKE + EYES_FAKE, rtol=1e-6, atol=0)


def test_heads_that_know_nothing_pay_the_log_of_the_number_of_classes():
    undecided = verdict([[0.0] * 3] * 2, [[0.0] * 2] * 2)
    parts = begun().generator(undecided, LABELS).parts
    assert_close([part.item() for part in parts.values()], [math.log(3), math.log(2)], rtol=1e-6, atol=0)


def test_weights_scale_both_totals_and_leave_the_parts_alone():
    component = begun(weight=2.0, weights={"eyes": 0.5})
    d = component.discriminator(REAL, FAKE, LABELS, OTHER_LABELS)
    g = component.generator(FAKE, OTHER_LABELS)
    assert_close(d.total.item(), 2 * (HAIR_REAL + HAIR_FAKE + 0.5 * (EYES_REAL + EYES_FAKE)), rtol=1e-6, atol=0)
    assert_close(g.total.item(), 2 * (HAIR_FAKE + 0.5 * EYES_FAKE), rtol=1e-6, atol=0)
    assert_close(g.parts["eyes"].item(), EYES_FAKE, rtol=1e-6, atol=0)


def test_weights_are_read_at_each_step():
    component = begun()
    component.params.weight = 0.0
    assert component.generator(FAKE, OTHER_LABELS).total.item() == 0
    component.params.weight = 1.0
    component.params.weights = {"hair": 0.0, "eyes": 3.0}
    assert_close(component.generator(FAKE, OTHER_LABELS).total.item(), 3 * EYES_FAKE, rtol=1e-6, atol=0)


def test_a_column_of_labels_belongs_to_its_attribute():
    assert_close(begun().generator(FAKE, LABELS).parts["hair"].item(), -math.log(0.1), rtol=1e-6, atol=0)


def test_each_attribute_gets_a_knob_with_bounds():
    component = begun(weights={"eyes": 0.5})
    knobs = knobs_of("auxiliary", type(component.params).model_json_schema(), component.params.model_dump())
    shown = {knob.name: (knob.default, knob.minimum, knob.maximum) for knob in knobs}
    assert shown == {
        "auxiliary.weight": (1.0, 0, 100),
        "auxiliary.weights.hair": (1.0, 0, 100),
        "auxiliary.weights.eyes": (0.5, 0, 100),
    }


def test_labels_go_to_g_and_every_attribute_gets_a_head():
    component = begun()
    assert component.labels_generator
    answer = component.head(4)(torch.ones(2, 4), None)
    assert {name: logits.shape for name, logits in answer.auxiliary.items()} == {
        name: (2, n_classes) for name, n_classes in ATTRIBUTES.items()
    }


def test_a_weight_for_an_unknown_attribute_is_refused_in_words():
    component = conditioning.family.create("auxiliary", {"weights": {"hat": 1.0}})
    with pytest.raises(InvalidParams, match=r"hat; the dataset's attributes are hair, eyes"):
        component.begin(ATTRIBUTES)


def test_a_dataset_without_labels_is_refused_in_words():
    with pytest.raises(InvalidParams, match="needs a dataset with labels"):
        conditioning.family.create("auxiliary", {}).begin({})


def test_a_weight_out_of_bounds_is_refused():
    with pytest.raises(InvalidParams, match=r"weights\.hair.*less than or equal to 100; got 101"):
        conditioning.family.create("auxiliary", {"weights": {"hair": 101}})
