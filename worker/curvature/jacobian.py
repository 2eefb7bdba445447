"""The Jacobian of two players' vector field: products with it, and its outermost eigenvalues, which are complex."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from worker.curvature._basis import BREAKDOWN, drawn, split
from worker.curvature.products import Operator, flattened, unflattened

LOOK_EVERY = 5
"""Products between two looks at whether the wanted pairs have settled; a look costs a small eigenproblem."""


class JacobianOperator:
    """x ↦ J x, where J = ∂v/∂w of v = (∇_a L_a, ∇_b L_b) with w = (a, b): two players, each with a loss of both.

    J = ((∂²L_a/∂a², ∂²L_a/∂a∂b), (∂²L_b/∂b∂a, ∂²L_b/∂b²)) is not symmetric, but the rows of either player are rows of
    a Hessian, that of its loss in all weights, which is. So those rows of J x are the gradient, in that player's
    weights, of ∇_w L · x: one backward pass through the kept graph of ∇_w L for each player, and no second trick.
    Vectors are flat and float64, a's weights first. As in `HessianOperator`, weights stay as they are.
    """

    def __init__(
        self, losses: Callable[[], tuple[Tensor, Tensor]], first: Sequence[nn.Parameter], second: Sequence[nn.Parameter]
    ) -> None:
        """Compute both gradients in all weights, ready to be differentiated again.

        Args:
            losses: gives both scalars, each with a graph to the weights of both players; called once.
            first: a, in the order of the flat vectors.
            second: b, which follow.
        """
        self._weights = [*first, *second]
        self._players = (list(first), list(second))
        self._gradients = [self._gradient(loss) for loss in losses()]
        self.n = sum(weight.numel() for weight in self._weights)
        self.device = self._weights[0].device

    def __call__(self, vector: Tensor) -> Tensor:
        """J x: (n,) float64, for a vector (n,) on the same device."""
        parts = unflattened(vector, self._weights)
        rows = zip(self._gradients, self._players, strict=True)
        return torch.cat([self._rows(gradient, own, parts) for gradient, own in rows])

    def _gradient(self, loss: Tensor) -> tuple[Tensor, ...]:
        return torch.autograd.grad(loss, self._weights, create_graph=True, materialize_grads=True)

    def _rows(self, gradient: Sequence[Tensor], own: list[nn.Parameter], parts: list[Tensor]) -> Tensor:
        """The rows of one player: ∇_own of (∇_w L · x)."""
        curved = [(each, part) for each, part in zip(gradient, parts, strict=True) if each.requires_grad]
        if not curved:
            return torch.cat([torch.zeros(weight.numel(), dtype=torch.float64, device=weight.device) for weight in own])
        outputs, against = zip(*curved, strict=True)
        return flattened(torch.autograd.grad(outputs, own, against, retain_graph=True, materialize_grads=True))


@dataclass(frozen=True)
class ComplexEigenvalues:
    """Some eigenvalues of an operator that need not be symmetric, with the residuals of their pairs."""

    values: Tensor
    """(m,) complex128, on the CPU; largest absolute value first, of two conjugates the upper one first."""
    residuals: Tensor
    """(m,) float64, on the CPU: ‖A v - λ v‖ for the Ritz vector of length 1."""
    converged: Tensor
    """(m,) bool, on the CPU: whether the residual is within the tolerance."""
    products: int
    """Products that it took."""


def outermost(
    operator: Operator,
    n: int,
    *,
    count: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    tolerance: float = 1e-2,
    most_products: int = 60,
) -> ComplexEigenvalues:
    """The eigenvalues of largest absolute value, by Arnoldi with full re-orthogonalisation.

    The basis Q is float64, orthogonalised twice, and A Q = Q H + h q eᵀ holds to its rounding, so that the residual of
    a pair (θ, Q y) is |h| |y_last|. For an operator that is not normal a small residual says that θ is an exact
    eigenvalue of an operator that is this near, not that one of this operator is: the eigenvalue's own error is the
    residual times its condition number, which is not known. Of two conjugates both are given, so that there may be
    one more than `count`.

    Args:
        operator: linear; (n,) float64 → (n,) float64.
        n: its dimension.
        count: how many eigenvalues; fewer are returned when n or the products do not suffice.
        generator: draws the start, and the vectors to go on with; on any device.
        device: where the operator's vectors live.
        tolerance: a pair is converged when its residual is at most this share of the largest absolute value.
        most_products: bound on the products. Memory: most_products · n · 8 bytes.

    Returns:
        Eigenvalues; where the operator yields what is not finite all NaN, and nothing is converged.

    Source: Arnoldi 1951, doi:10.1090/qam/42792; Saad 2011, doi:10.1137/1.9781611970739, chapter 6.
    """
    steps = min(n, most_products)
    space = _Arnoldi(operator, n, torch.device(device), generator, steps)
    while space.finite and space.size < steps:
        space.grow()
        if space.finite and space.size % LOOK_EVERY == 0 and space.size >= count:
            found = space.outermost(count, tolerance)
            if bool(found.converged.all()):
                return found
    if not space.finite:
        unknown = torch.full((count,), math.nan, dtype=torch.float64)
        nothing = torch.zeros(count, dtype=torch.bool)
        return ComplexEigenvalues(torch.complex(unknown, unknown), unknown, nothing, space.size)
    return space.outermost(count, tolerance)


class _Arnoldi:
    """An orthonormal basis Q that grows, with H = Qᵀ A Q, which is zero below its first subdiagonal."""

    def __init__(
        self, operator: Operator, n: int, device: torch.device, generator: torch.Generator, steps: int
    ) -> None:
        self._operator = operator
        self._n = n
        self._device = device
        self._generator = generator
        self._basis = torch.empty(steps, n, dtype=torch.float64, device=device)
        self._H = torch.zeros(steps + 1, steps, dtype=torch.float64)
        self.size = 0
        self.finite = True
        first = self._random()
        self._next = first / first.norm()

    def grow(self) -> None:
        """Take the next vector into the basis, multiply it, and find the one after."""
        here = self.size
        self._basis[here] = self._next
        self.size = here + 1
        product = self._operator(self._next)
        along, rest = self._split(product)
        length = float(rest.norm())
        self.finite = math.isfinite(length)
        self._H[: self.size, here] = along.cpu()
        if not self.finite or self.size == self._n:
            return
        if length <= BREAKDOWN * max(float(self._H.abs().max()), length):
            length, rest = 0.0, self._split(self._random())[1]
        self._H[self.size, here] = length
        rest = self._split(rest / rest.norm())[1]
        self._next = rest / rest.norm()

    def outermost(self, count: int, tolerance: float) -> ComplexEigenvalues:
        """Ritz values of largest absolute value, with their residuals."""
        values, small = torch.linalg.eig(self._H[: self.size, : self.size])
        after = self._H[self.size, self.size - 1]
        # Conjugates have the same absolute value to the last bits only, so they are brought together by hand.
        order = sorted(range(self.size), key=lambda i: (-float(values[i].abs()), -float(values[i].imag)))
        chosen = order[:count]
        last = values[chosen[-1]]
        if len(order) > count and float(last.imag) > 0:
            chosen.append(order[count])
        residuals = (after * small[-1, chosen] / small[:, chosen].norm(dim=0)).abs()
        allowed = tolerance * float(values.abs().max())
        return ComplexEigenvalues(values[chosen], residuals, residuals <= allowed, self.size)

    def _random(self) -> Tensor:
        return drawn(self._n, self._generator, self._device)

    def _split(self, vector: Tensor) -> tuple[Tensor, Tensor]:
        return split(vector, self._basis[: self.size])
