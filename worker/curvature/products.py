"""Products of a loss's Hessian with a vector, at the price of a second backward pass each."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

Operator = Callable[[Tensor], Tensor]
"""(n,) float64 → (n,) float64: multiplies by a symmetric matrix."""


class HessianOperator:
    """v ↦ H v, where H = ∂²L/∂w² of one loss at the weights as they are now.

    The graph of the gradient is built once and kept, so a product costs one backward pass through it. Vectors are flat
    and float64, on the weights' device; weights stay as they are, and a float32 network's product is therefore right
    to about 1e-6 of the largest one. Whatever would make the loss another function from call to call (a new batch,
    dropout, moving statistics) is for the caller to hold still.
    """

    def __init__(self, loss: Callable[[], Tensor], weights: Sequence[nn.Parameter]) -> None:
        """Compute the gradient, ready to be differentiated again.

        Args:
            loss: gives a scalar with a fresh graph; called once.
            weights: those that H is about, in the order of the flat vectors; a weight that the loss does not use has
                rows of zeros.
        """
        self._weights = list(weights)
        gradient = torch.autograd.grad(loss(), self._weights, create_graph=True, materialize_grads=True)
        self._curved = [part for part in gradient if part.requires_grad]  # a linear loss has none
        self._kept = [part.requires_grad for part in gradient]
        self.n = sum(weight.numel() for weight in self._weights)
        self.device = self._weights[0].device

    def __call__(self, vector: Tensor) -> Tensor:
        """H v: (n,) float64, for a vector (n,) on the same device."""
        parts = unflattened(vector, self._weights)
        against = [part for part, kept in zip(parts, self._kept, strict=True) if kept]
        if not against:
            return torch.zeros_like(vector, dtype=torch.float64)
        product = torch.autograd.grad(self._curved, self._weights, against, retain_graph=True, materialize_grads=True)
        return flattened(product)


def flattened(parts: Sequence[Tensor]) -> Tensor:
    """(n,) float64: all elements one behind the other, in the order of their indices whatever their memory format."""
    return torch.cat([part.detach().reshape(-1).double() for part in parts])


def unflattened(vector: Tensor, like: Sequence[Tensor]) -> list[Tensor]:
    """The flat vector cut into tensors of these shapes, dtypes and memory formats."""
    pieces = torch.split(vector, [each.numel() for each in like])
    return [
        torch.empty_like(each, requires_grad=False).copy_(piece.view(each.shape))
        for piece, each in zip(pieces, like, strict=True)
    ]
