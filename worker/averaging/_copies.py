"""Copies of players that follow them."""

import copy

import torch
from torch import Tensor, nn


def copied(player: nn.Module) -> nn.Module:
    """A copy in eval mode that is not trained."""
    return copy.deepcopy(player).eval().requires_grad_(requires_grad=False)


@torch.no_grad()
def copy_buffers(player: nn.Module, average: nn.Module) -> None:
    """Statistics of batch normalisation, vectors of spectral norm and whatever else is no weight: taken over."""
    for kept, value in zip(average.buffers(), player.buffers(), strict=True):
        kept.copy_(value)


@torch.no_grad()
def copy_weights(player: nn.Module, average: nn.Module) -> None:
    """Begin anew from the player as it is."""
    for kept, value in zip(average.parameters(), player.parameters(), strict=True):
        kept.copy_(value)


def weights(player: nn.Module) -> list[Tensor]:
    """The weights' values, without a graph."""
    return [parameter.detach() for parameter in player.parameters()]
