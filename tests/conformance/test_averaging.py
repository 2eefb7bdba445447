"""What every averaging must keep to. A new file in worker/averaging is taken up by itself."""

import pytest
import torch
from torch import nn

from worker import averaging

EVERY_AVERAGING = pytest.mark.parametrize("name", averaging.family.names)


@EVERY_AVERAGING
def test_a_generator_that_stands_still_is_its_own_average(name):
    component = averaging.family.create(name, {})
    generator = nn.Linear(2, 3)
    component.begin(generator, nn.Linear(3, 1))
    for step in range(1, 20):
        component.update(generator, nn.Linear(3, 1), step)
    for mine, average in zip(generator.parameters(), component.sampler(generator).parameters(), strict=True):
        torch.testing.assert_close(average, mine, rtol=1e-6, atol=0)


@EVERY_AVERAGING
def test_averaging_leaves_the_generator_alone(name):
    component = averaging.family.create(name, {})
    generator = nn.Linear(2, 3)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    component.begin(generator, nn.Linear(3, 1))
    component.update(generator, nn.Linear(3, 1), 1)
    assert all(torch.equal(before[key], value) for key, value in generator.state_dict().items())
    assert all(parameter.requires_grad for parameter in generator.parameters())
