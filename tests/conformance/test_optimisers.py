"""What every optimiser must keep to. A new file in worker/optimisers is taken up by itself."""

import copy

import pytest
import torch
from torch import nn

from worker import optimisers
from worker.registry import InvalidParams

EVERY_OPTIMISER = pytest.mark.parametrize("name", optimisers.family.names)
ORDERS = pytest.mark.parametrize(
    "order", [torch.contiguous_format, torch.channels_last], ids=["plain", "channels_last"]
)


def kernel(order=torch.contiguous_format):
    return nn.Parameter(torch.linspace(-1, 1, 48).reshape(4, 3, 2, 2).to(memory_format=order))


def descend(component, optimiser, weight, steps, grad_order=torch.contiguous_format):
    """Steps down ½‖w - 2‖², whose gradient is w - 2."""
    for _ in range(steps):
        weight.grad = (weight.detach() - 2).contiguous(memory_format=grad_order)
        component.refresh(optimiser, step=1)
        optimiser.step()
    return weight.detach().clone()


def descended(name, steps=5, order=torch.contiguous_format, **params):
    component = optimisers.family.create(name, params)
    weight = kernel(order)
    return descend(component, component.build([weight]), weight, steps)


@EVERY_OPTIMISER
def test_goes_downhill(name):
    before = (kernel().detach() - 2).square().sum()
    assert (descended(name, steps=20, lr=0.05) - 2).square().sum() < before


@EVERY_OPTIMISER
def test_learning_rate_is_a_knob_that_the_next_step_obeys(name):
    component = optimisers.family.create(name, {"lr": 0.05})
    weight = kernel()
    optimiser = component.build([weight])
    moved = descend(component, optimiser, weight, steps=2)
    component.params.lr = 0.0
    assert torch.equal(descend(component, optimiser, weight, steps=2), moved)
    component.params.lr = 0.05
    assert not torch.equal(descend(component, optimiser, weight, steps=1), moved)
    assert "knob" in type(component.params).model_json_schema()["properties"]["lr"]


@EVERY_OPTIMISER
def test_default_rate_is_the_one_in_the_groups(name):
    component = optimisers.family.create(name, {})
    assert component.build([kernel()]).param_groups[0]["lr"] == component.params.lr


@EVERY_OPTIMISER
@ORDERS
@pytest.mark.parametrize("grad_order", [torch.contiguous_format, torch.channels_last], ids=["plain_grad", "cl_grad"])
def test_memory_order_changes_nothing(name, order, grad_order):
    component = optimisers.family.create(name, {"lr": 0.05})
    weight = kernel(order)
    moved = descend(component, component.build([weight]), weight, steps=5, grad_order=grad_order)
    torch.testing.assert_close(moved, descended(name, lr=0.05), rtol=1e-6, atol=1e-7)


@EVERY_OPTIMISER
@ORDERS
def test_goes_on_bit_for_bit_from_a_saved_state_in_any_memory_order(name, order):
    component = optimisers.family.create(name, {"lr": 0.05})
    weight = kernel(torch.channels_last)
    optimiser = component.build([weight])
    descend(component, optimiser, weight, steps=3)
    saved = copy.deepcopy(optimiser.state_dict())
    for state in saved["state"].values():
        for key, value in state.items():
            if isinstance(value, torch.Tensor) and value.ndim == 4:
                state[key] = value.contiguous(memory_format=order)
    resumed = nn.Parameter(weight.detach().clone())
    other = component.build([resumed])
    other.load_state_dict(saved)
    expected = descend(component, optimiser, weight, steps=3)
    assert torch.equal(descend(component, other, resumed, steps=3), expected)


@EVERY_OPTIMISER
def test_a_rate_below_zero_is_refused_and_the_old_one_stays(name):
    component = optimisers.family.create(name, {"lr": 0.05})
    with pytest.raises(ValueError, match="greater than or equal to 0"):
        component.params.lr = -0.1
    assert component.params.lr == 0.05
    with pytest.raises(InvalidParams, match=rf"{name}.*lr"):
        optimisers.family.create(name, {"lr": -0.1})


@EVERY_OPTIMISER
def test_a_gradient_that_is_not_finite_is_not_hidden(name):
    component = optimisers.family.create(name, {})
    weight = kernel()
    optimiser = component.build([weight])
    weight.grad = torch.full_like(weight, float("nan"))
    component.refresh(optimiser, step=1)
    optimiser.step()
    assert weight.isnan().all()


@EVERY_OPTIMISER
def test_its_schedule_is_obeyed(name):
    """A decay that is over after one step leaves nothing of the rate: the first step moves nothing."""
    start = kernel().detach()
    assert torch.equal(descended(name, steps=1, lr=0.05, decay_steps=1, decay_to=0.0), start)
    assert not torch.equal(descended(name, steps=1, lr=0.05, decay_steps=2, decay_to=0.0), start)


@EVERY_OPTIMISER
def test_it_has_extrapolate_if_and_only_if_it_says_so(name):
    component = optimisers.family.create(name, {})
    assert hasattr(component.build([kernel()]), "extrapolate") == component.extrapolates
    if component.extrapolates:
        assert component.needs == {"updates": "simultaneous"}


@EVERY_OPTIMISER
def test_a_weight_without_a_gradient_stays(name):
    component = optimisers.family.create(name, {"lr": 0.05})
    weight, other = kernel(), kernel()
    optimiser = component.build([weight, other])
    descend(component, optimiser, weight, steps=2)
    assert torch.equal(other, kernel())


@EVERY_OPTIMISER
def test_its_state_fits_a_checkpoint(name):
    """A checkpoint holds tensors, and besides them plain numbers only."""
    component = optimisers.family.create(name, {"lr": 0.05})
    weight = kernel()
    optimiser = component.build([weight])
    descend(component, optimiser, weight, steps=2)
    values = [value for state in optimiser.state_dict()["state"].values() for value in state.values()]
    assert {type(value) for value in values} <= {torch.Tensor, int, float, type(None)}
    assert all(isinstance(value, torch.Tensor) for value in component.state_dict().values())
