"""How a loss rises along random lines through the weights, each filter moved in proportion to its own size."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from worker.curvature.products import flattened

Loss = Callable[[Mapping[str, Tensor]], Tensor]
"""A scalar loss with these weights, by name, in place of the player's own."""
_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)


@dataclass(frozen=True)
class Rise:
    """By how much a loss is larger at a distance, averaged over directions."""

    loss: float
    """Where it stands."""
    rise: float
    """Mean over directions of ½ (L(w + r d) + L(w - r d)) - L(w)."""
    stderr: float
    """Standard error of `rise` over the directions."""
    evaluations: int
    """How often the loss was computed."""


def filter_normalised(player: nn.Module, generator: torch.Generator) -> dict[str, Tensor]:
    """A random direction in the player's weights in which every filter has the length of the player's own filter.

    d_f ← d_f / ‖d_f‖ · ‖w_f‖ for each filter f: the weights that make one output of a layer, so the first dimension
    of a tensor, and the second of a transposed convolution's. Biases and other vectors stay where they are. Where a
    parametrisation such as spectral norm acts it is the raw weight that moves.

    Args:
        player: whose weights; only read.
        generator: draws d from a Gaussian; on any device.

    Returns:
        Name → direction, as `named_parameters` has them; vectors have zeros.

    Source: Li et al. 2018, arXiv:1712.09913, section 4; biases as in its public code. Deviation: that code takes the
    first dimension of transposed convolutions too.
    """
    transposed = {id(w) for m in player.modules() if isinstance(m, _TRANSPOSED) for w in m.parameters()}
    direction = {}
    for name, weight in player.named_parameters():
        drawn = torch.randn(weight.shape, generator=generator, dtype=weight.dtype, device=generator.device)
        drawn = drawn.to(weight.device)
        if weight.dim() < 2:
            direction[name] = torch.zeros_like(drawn)
            continue
        out = 1 if id(weight) in transposed else 0
        others = [dim for dim in range(weight.dim()) if dim != out]
        lengths = [torch.linalg.vector_norm(each.detach(), dim=others, keepdim=True) for each in (weight, drawn)]
        direction[name] = drawn * (lengths[0] / lengths[1])
    return direction


@torch.no_grad()
def rise(loss: Loss, player: nn.Module, *, radius: float, directions: int, generator: torch.Generator) -> Rise:
    """The mean rise of a loss at ±r along filter-normalised random lines, on copies of the weights.

    For small r it is ½ r² times the mean curvature dᵀ H d of the lines; both ends are taken, so that the slope cancels.

    Args:
        loss: of weights by name.
        player: whose weights; only read.
        radius: r, in lengths of the filters: 0.1 moves each filter by a tenth of its size.
        directions: lines, at least 2.
        generator: draws them.

    Returns:
        The rise with its standard error over the lines; NaN where a loss is.

    Raises:
        ValueError: with fewer than two directions there is no error to give.

    Source: Li et al. 2018, arXiv:1712.09913; a number in place of its plot is ours.
    """
    if directions < 2:
        raise ValueError(f"{directions} direction gives no standard error; take at least 2")
    here = flattened([loss({})])[0]
    rises = []
    for _ in range(directions):
        direction = filter_normalised(player, generator)
        ends = [_moved(player, direction, sign * radius) for sign in (1, -1)]
        rises.append(sum(flattened([loss(end)])[0] for end in ends) / 2 - here)
    each = torch.stack(rises)
    return Rise(float(here), float(each.mean()), float(each.std()) / math.sqrt(directions), 1 + 2 * directions)


def _moved(player: nn.Module, direction: Mapping[str, Tensor], by: float) -> dict[str, Tensor]:
    return {name: weight.detach() + by * direction[name] for name, weight in player.named_parameters()}
