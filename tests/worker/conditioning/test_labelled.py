import pytest
import torch

from worker import conditioning
from worker.conditioning._labelled import LabelTerms
from worker.registry import InvalidParams

WITH_TERMS = [name for name in conditioning.family.names if issubclass(conditioning.family.find(name), LabelTerms)]


def test_these_conditionings_have_terms():
    assert WITH_TERMS == ["adc", "auxiliary", "d2d_ce", "tac"]


@pytest.mark.parametrize("name", WITH_TERMS)
def test_a_weight_for_an_unknown_attribute_is_refused_in_words(name):
    component = conditioning.family.create(name, {"weights": {"hat": 1.0}})
    with pytest.raises(InvalidParams, match=rf"'{name}': weights names hat; the dataset's attributes are hair, eyes"):
        component.begin({"hair": 3, "eyes": 2})


def test_columns_come_in_the_order_of_the_attributes():
    component = conditioning.family.create("auxiliary", {})
    component.begin({"hair": 3, "eyes": 2})
    columns = dict(component.columns(torch.tensor([[2, 0], [1, 1]])))
    assert {name: labels.tolist() for name, labels in columns.items()} == {"hair": [2, 1], "eyes": [0, 1]}
