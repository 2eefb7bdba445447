"""Layers whose weight is a matrix, and that matrix: what regularisers act on and monitors take the spectrum of."""

from typing import cast

from torch import Tensor, nn
from torch.nn.utils import parametrize

_TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
CONVOLUTIONS = (nn.Conv1d, nn.Conv2d, nn.Conv3d, *_TRANSPOSED)
LAYERS = (nn.Linear, *CONVOLUTIONS)


class NoSuchLayer(ValueError):
    """The player has no layer of the kind, or of the name, that a regulariser is to act on."""


class ParametrisedTwice(ValueError):
    """Two regularisers want to put their own function of a weight in its place."""


def named_layers(player: nn.Module, kinds: tuple[type[nn.Module], ...] = LAYERS) -> dict[str, nn.Module]:
    """Name → layer, of those kinds, in the order in which the player declares them."""
    return {name: module for name, module in player.named_modules() if isinstance(module, kinds)}


def refuse_second(regulariser: str, name: str, layer: nn.Module) -> None:
    """Let only one regulariser parametrise a layer's weight.

    Raises:
        ParametrisedTwice: if one does already.
    """
    if parametrize.is_parametrized(layer, "weight"):
        raise ParametrisedTwice(
            f"{regulariser} would divide the weight of layer {name!r} by its largest singular value, which another "
            "regulariser does already; leave one of the two out, or take spectral_regularisation with "
            "form 'project', which works beside spectral_norm"
        )


def trained_weight(layer: nn.Module) -> nn.Parameter:
    """The weight that the optimiser moves: the raw one, where a parametrisation such as spectral norm follows it."""
    parametrised = parametrize.is_parametrized(layer, "weight")
    return layer.get_parameter("parametrizations.weight.original" if parametrised else "weight")


def effective_weight(layer: nn.Module) -> Tensor:
    """The weight that the layer multiplies by: what a parametrisation such as spectral norm makes of the raw one.

    In training mode spectral norm moves its vectors when it is asked: put the player into eval mode first.
    """
    return cast("Tensor", layer.weight)


def as_matrix(layer: nn.Module, weight: Tensor) -> Tensor:
    """The layer's weight as (out, in · kh · kw), one row a filter; a transposed kernel too."""
    return (weight.transpose(0, 1) if isinstance(layer, _TRANSPOSED) else weight).flatten(1)


def rank(layer: nn.Module) -> int:
    """How many singular values the layer's weight has."""
    weight = trained_weight(layer)
    n_out = weight.shape[1 if isinstance(layer, _TRANSPOSED) else 0]
    return min(n_out, weight.numel() // n_out)


def as_kernel(layer: nn.Module, matrix: Tensor, weight: Tensor) -> Tensor:
    """What `as_matrix` makes that matrix of: a tensor of the weight's shape."""
    if isinstance(layer, _TRANSPOSED):
        return matrix.reshape(weight.transpose(0, 1).shape).transpose(0, 1)
    return matrix.reshape(weight.shape)
