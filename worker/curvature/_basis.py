"""Orthonormal bases that grow vector by vector: what Lanczos and Arnoldi share."""

import torch
from torch import Tensor

BREAKDOWN = 1e-10
"""What is left of a vector outside a basis, this small relative to the largest number so far, is rounding: the Krylov
space is used up."""


def drawn(n: int, generator: torch.Generator, device: torch.device | str) -> Tensor:
    """(n,) float64 standard normal numbers, drawn where the generator is and put onto the device."""
    numbers = torch.randn(n, generator=generator, dtype=torch.float64, device=generator.device)
    return numbers.to(device)


def split(vector: Tensor, basis: Tensor) -> tuple[Tensor, Tensor]:
    """Coefficients along the basis, (m,) for (m, n) orthonormal rows, and what is left of the vector outside it.

    In two passes: the second removes what rounding left in the first.
    """
    along = torch.zeros(len(basis), dtype=torch.float64, device=vector.device)
    for _ in range(2):
        more = basis @ vector
        along, vector = along + more, vector - more @ basis
    return along, vector
