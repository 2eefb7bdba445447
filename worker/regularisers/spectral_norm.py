"""Spectral normalisation: every layer is divided by its largest singular value."""

from typing import Any, ClassVar

from torch import nn
from torch.nn.utils import parametrizations

from contract.components import ComponentParams
from contract.spec import Player
from worker import regularisers
from worker.layers import named_layers, refuse_second


class NothingToNormalise(ValueError):
    """The player has no layer that spectral normalisation knows."""


@regularisers.register
class SpectralNorm(regularisers.Regulariser):
    """Spectral norm: W / σ₁(W) in every linear and convolutional layer of the player, its heads included.

    σ₁ is estimated by one power iteration at each forward pass in training mode, from where the last one ended (15
    before the first); a kernel counts as the matrix (out, in · kh · kw), and so does a transposed one. Gradients go
    through σ₁ with its singular vectors held fixed. With σ₁ = 1 in each layer, and slopes of at most 1 between the
    layers, the player stays near 1-Lipschitz times what strides and paddings add.

    Source: Miyato et al. 2018, arXiv:1802.05957, eq. (8) and algorithm 1, through
    `torch.nn.utils.parametrizations.spectral_norm`.
    """

    title: ClassVar[str] = "Spectral norm"
    needs: ClassVar[dict[str, Any]] = {"layers": True}

    class Params(ComponentParams):
        """Whose layers."""

        player: Player = "D"
        """D, or G. For both, use it twice, once under another name ("as")."""

    params: Params

    def __init__(self, params: Any, entry: str) -> None:  # Any: as in the base
        super().__init__(params, entry)
        self.player = self.params.player

    def build(self, player: nn.Module) -> None:
        """Put the normalisation before every layer's weight.

        Raises:
            NothingToNormalise: if the player has no linear or convolutional layer.
            ParametrisedTwice: if another regulariser divides by σ₁ already.
        """
        layers = named_layers(player)
        if not layers:
            raise NothingToNormalise(
                f"spectral_norm found no linear or convolutional layer in {self.player}; "
                "take a network that has some (mlp, dcgan), or leave spectral_norm out"
            )
        for name, layer in layers.items():
            refuse_second("spectral_norm", name, layer)
            parametrizations.spectral_norm(layer)
