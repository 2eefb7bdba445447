import torch
from torch import nn
from torch.testing import assert_close

from worker import optimisers


def run(component, weight, optimiser, gradients):
    for gradient in gradients:
        weight.grad = torch.tensor([gradient])
        component.refresh(optimiser, step=1)
        optimiser.step()
    return weight.item()


def test_a_step_is_the_rate_times_the_gradient():
    component = optimisers.family.create("sgd", {"lr": 0.5})
    weight = nn.Parameter(torch.tensor([1.0]))
    assert run(component, weight, component.build([weight]), [2.0, -1.0]) == 1 - 0.5 * 2 + 0.5 * 1


def test_momentum_by_hand():
    component = optimisers.family.create("sgd", {"lr": 0.1, "momentum": 0.5})
    weight = nn.Parameter(torch.tensor([0.0]))
    # b: 1, then 0.5 + 2 = 2.5, then 1.25 - 1 = 0.25; w = -0.1 (1 + 2.5 + 0.25).
    assert_close(run(component, weight, component.build([weight]), [1.0, 2.0, -1.0]), -0.375, rtol=1e-6, atol=0)


def test_momentum_can_be_turned_on_mid_run():
    component = optimisers.family.create("sgd", {"lr": 0.1})
    weight = nn.Parameter(torch.tensor([0.0]))
    optimiser = component.build([weight])
    run(component, weight, optimiser, [1.0])
    component.params.momentum = 0.5
    # Without momentum: -0.1. Then b: 1, and 0.5 + 1 = 1.5.
    assert_close(run(component, weight, optimiser, [1.0, 1.0]), -0.1 - 0.1 - 0.15, rtol=1e-6, atol=0)
