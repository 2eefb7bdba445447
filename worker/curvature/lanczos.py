"""The largest and the smallest eigenvalues of a symmetric operator, each with its vector and how wrong it is."""

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from worker.curvature.products import Operator

BREAKDOWN = 1e-10
"""A remainder this small, relative to the largest coefficient so far, is rounding: the Krylov space is used up."""
LOOK_EVERY = 5
"""Products between two looks at whether the wanted pairs have settled; a look costs a small eigenproblem."""


@dataclass(frozen=True)
class Eigenpairs:
    """Some eigenpairs of an operator, with their true residuals."""

    values: Tensor
    """(m,) float64, on the CPU."""
    vectors: Tensor
    """(m, n) float64, orthonormal rows, on the operator's device."""
    residuals: Tensor
    """(m,) float64, on the CPU: ‖A v - λ v‖, each from a product of its own. An eigenvalue lies within that of λ."""
    converged: Tensor
    """(m,) bool, on the CPU: whether the residual is within the tolerance."""


@dataclass(frozen=True)
class Extremes:
    """Both ends of a spectrum."""

    top: Eigenpairs
    """The algebraically largest, largest first."""
    bottom: Eigenpairs
    """The algebraically smallest, smallest first."""
    products: int
    """Products that it took."""


def extremes(
    operator: Operator,
    n: int,
    *,
    top: int,
    bottom: int = 0,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
    start: Tensor | None = None,
    tolerance: float = 1e-3,
    most_products: int = 80,
) -> Extremes:
    """The `top` algebraically largest and `bottom` smallest eigenpairs, by Lanczos with full re-orthogonalisation.

    The basis is float64 and each new vector is orthogonalised against all others twice: with less, a float32 operator
    of low rank yields eigenvalues that it does not have. Where the Krylov space is used up it goes on with a new
    random vector. Each pair's residual is measured by one more product, and a pair is called converged when it is at
    most `tolerance` times the largest absolute Ritz value. Of an eigenvalue with several vectors one start sees one
    vector: the others may be missing. Memory: most_products · n · 8 bytes.

    Args:
        operator: symmetric; (n,) float64 → (n,) float64.
        n: its dimension.
        top: how many of the largest; fewer are returned when n or the products do not suffice.
        bottom: how many of the smallest.
        generator: draws the start, and the vectors to go on with; on any device.
        device: where the operator's vectors live.
        start: (n,) vector to start from instead; near the wanted ones it settles sooner.
        tolerance: relative residual, above the operator's own rounding (float32: about 1e-6).
        most_products: bound on all products, those for the residuals included.

    Returns:
        Both ends. Where the operator yields what is not finite, values and residuals are NaN and nothing is converged.

    Raises:
        ValueError: if the products do not suffice for one step and the residuals.

    Source: Lanczos 1950, doi:10.6028/jres.045.026; re-orthogonalisation as in Parlett 1998,
    doi:10.1137/1.9781611971163.
    """
    steps = min(n, most_products - top - bottom)
    if steps < 1:
        raise ValueError(f"{most_products} products do not suffice for {top} + {bottom} residuals; take more")
    krylov = _Krylov(operator, n, torch.device(device), generator, steps)
    krylov.begin(start)
    while krylov.size < steps and krylov.finite:
        krylov.grow()
        if krylov.size % LOOK_EVERY == 0 and krylov.finite and krylov.settled(top, bottom, tolerance):
            break
    if not krylov.finite:
        return Extremes(_nothing(top, n, device), _nothing(bottom, n, device), krylov.size)
    values, small = krylov.ritz()
    allowed = tolerance * float(values.abs().max())
    n_top, n_bottom = min(top, krylov.size), min(bottom, krylov.size)
    upper = krylov.pairs(values[-n_top:].flip(0), small[:, -n_top:].flip(1), allowed, n_top)
    lower = krylov.pairs(values[:n_bottom], small[:, :n_bottom], allowed, n_bottom)
    return Extremes(upper, lower, krylov.size + n_top + n_bottom)


@dataclass
class _Krylov:
    """An orthonormal basis Q that grows, with T = Qᵀ A Q, which is tridiagonal."""

    operator: Operator
    n: int
    device: torch.device
    generator: torch.Generator
    steps: int
    diagonal: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    """beside[j] couples basis vectors j and j + 1; 0 where it went on with a new vector."""
    finite: bool = True

    def begin(self, start: Tensor | None) -> None:
        self.basis = torch.empty(self.steps, self.n, dtype=torch.float64, device=self.device)
        first = self._random() if start is None else start.to(self.device, torch.float64)
        self.next: Tensor = first / first.norm()

    @property
    def size(self) -> int:
        return len(self.diagonal)

    def grow(self) -> None:
        """Take the next vector into the basis, multiply it, and find the one after."""
        self.basis[self.size] = self.next
        product = self.operator(self.next)
        diagonal = float(product @ self.next)
        self.finite = math.isfinite(diagonal) and bool(product.isfinite().all())
        self.diagonal.append(diagonal)
        if not self.finite or self.size == self.n:
            self.beside.append(0.0)
            return
        rest = self._without_basis(product)
        length = float(rest.norm())
        scale = max(map(abs, [*self.diagonal, *self.beside, length]))
        if length <= BREAKDOWN * scale:
            length, rest = 0.0, self._without_basis(self._random())
        self.beside.append(length)
        rest = self._without_basis(rest / rest.norm())
        self.next = rest / rest.norm()

    def ritz(self) -> tuple[Tensor, Tensor]:
        """Eigenvalues of T, ascending, and its eigenvectors as columns; on the CPU."""
        inner = torch.tensor(self.beside[:-1], dtype=torch.float64)
        matrix = torch.diag(torch.tensor(self.diagonal, dtype=torch.float64))
        values, small = torch.linalg.eigh(matrix + inner.diag(1) + inner.diag(-1))
        return values, small

    def settled(self, top: int, bottom: int, tolerance: float) -> bool:
        """Whether the residuals that T foretells, |beside · last component|, are small for all wanted pairs."""
        if self.size < top + bottom:
            return False
        values, small = self.ritz()
        foretold = (self.beside[-1] * small[-1]).abs()
        wanted = torch.cat([foretold[self.size - top :], foretold[:bottom]])
        return bool((wanted <= tolerance * values.abs().max() / 2).all())

    def pairs(self, values: Tensor, small: Tensor, allowed: float, count: int) -> Eigenpairs:
        """Ritz pairs with measured residuals."""
        if count == 0:
            return _nothing(0, self.n, self.device)
        vectors = small.T.contiguous().to(self.device) @ self.basis[: self.size]
        vectors = vectors / vectors.norm(dim=1, keepdim=True)
        on_device = values.to(self.device)
        left = [self.operator(vector) - value * vector for vector, value in zip(vectors, on_device, strict=True)]
        residuals = torch.stack([each.norm() for each in left]).cpu()
        return Eigenpairs(values, vectors, residuals, residuals <= allowed)

    def _random(self) -> Tensor:
        drawn = torch.randn(self.n, generator=self.generator, dtype=torch.float64, device=self.generator.device)
        return drawn.to(self.device)

    def _without_basis(self, vector: Tensor) -> Tensor:
        """What is left of a vector outside the basis; the second pass removes what rounding left in the first."""
        basis = self.basis[: self.size]
        for _ in range(2):
            vector = vector - (basis @ vector) @ basis
        return vector


def _nothing(count: int, n: int, device: torch.device | str) -> Eigenpairs:
    unknown = torch.full((count,), math.nan, dtype=torch.float64)
    vectors = torch.zeros(count, n, dtype=torch.float64, device=device)
    return Eigenpairs(unknown, vectors, unknown.clone(), torch.zeros(count, dtype=torch.bool))
