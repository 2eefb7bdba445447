"""Orthogonal regularisation: a layer's filters are kept at right angles, whatever their lengths."""

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.layers import NoSuchLayer, as_matrix, named_layers, trained_weight
from worker.regularisers import PenaltyView


@regularisers.register
class Orthogonal(regularisers.Regulariser):
    """Orthogonal regularisation: the products of different filters of each layer, squared.

    penalty = Σ over layers ‖W Wᵀ ⊙ (1 - I)‖²_F, W the weight as (out, in · kh · kw) with one filter a row; the paper
    has its filters in columns and writes WᵀW. That is the sum of (w_a · w_b)² over all ordered pairs a ≠ b: lengths are
    free. **No ½**, and a sum over layers, not a mean: it looks at weights alone, at no sample. The authors' code adds
    2 (W Wᵀ ⊙ (1 - I)) W to the gradient, which is that of **half** of this: its strength β is `weight` = β/2.

    Every linear and convolutional layer of the player counts, heads included, embeddings and biases not. Under
    `spectral_norm` it acts on the raw weight, which is what that code does. More filters than dimensions cannot all be
    at right angles; then the penalty has a minimum above 0.

    Source: Brock, Donahue & Simonyan 2019, arXiv:1809.11096, section 3.1, on G, β = 1e-4; code
    ajbrock/BigGAN-PyTorch, utils.py.
    """

    title: ClassVar[str] = "Orthogonal regularisation"
    needs: ClassVar[dict[str, Any]] = {"layers": True}

    class Params(ComponentParams):
        """How strong, on whom, and how often."""

        weight: float = knob(1e-4, ge=0, le=10, scale="log")
        """β: factor before the penalty."""
        every: int = Field(1, ge=1, le=1000)
        """Steps from one penalty to the next, which is multiplied by this number (lazy regularisation)."""
        player: Player = "G"
        """Whose weights: G's, as in the paper, or D's. For both, use it twice, once under another name ("as")."""

    params: Params

    def __init__(self, params: Any, entry: str) -> None:  # Any: as in the base
        super().__init__(params, entry)
        self.player = self.params.player

    def build(self, player: nn.Module) -> None:
        """Change nothing.

        Raises:
            NoSuchLayer: if the player has no linear or convolutional layer.
        """
        if not named_layers(player):
            raise NoSuchLayer(
                f"orthogonal found no linear or convolutional layer in {self.player}; "
                "take a network that has some (mlp, dcgan), or leave orthogonal out"
            )

    def penalty(self, view: PenaltyView) -> Tensor:
        """Unweighted scalar, (unit of the weights)⁴, sum over layers and pairs of filters."""
        parts = [_overlap(as_matrix(layer, trained_weight(layer))) for layer in named_layers(view.player).values()]
        return torch.stack(parts).sum()


def _overlap(matrix: Tensor) -> Tensor:
    """Σ_{a ≠ b} (w_a · w_b)² over the rows."""
    products = matrix @ matrix.T
    return (products - torch.diag(products.diagonal())).square().sum()
