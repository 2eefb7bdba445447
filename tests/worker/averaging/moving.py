"""Players that move as they are told, with a batch norm whose statistics move too."""

import torch
from torch import nn


def player(dtype=torch.float32):
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)).to(dtype)


def move(module, value):
    """All weights become the value, all floating-point buffers ten times it."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.fill_(value)
        for buffer in module.buffers():
            if buffer.is_floating_point():
                buffer.fill_(10 * value)


def follow(component, values, first=1):
    """The players of a component, from 0, after one step a value, D at the negative of G's."""
    G, D = player(), player()
    move(G, 0.0)
    move(D, 0.0)
    component.begin(G, D)
    return go_on(component, G, D, values, first)


def go_on(component, G, D, values, first):
    for step, value in enumerate(values, start=first):
        move(G, value)
        move(D, -value)
        component.update(G, D, step)
    return G, D


def value_of(module):
    """The one number that all weights of the module have."""
    numbers = torch.cat([parameter.flatten() for parameter in module.parameters()])
    assert (numbers == numbers[0]).all()
    return numbers[0].item()
