"""The largest and the smallest eigenvalues of a symmetric operator, each with its vector and how wrong it is."""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from worker.curvature._basis import BREAKDOWN, drawn, split
from worker.curvature.products import Operator

LEAST = 1e-4
"""Below this share of the largest Ritz value, "relative to its own" is relative to that: float32 knows no better."""


@dataclass(frozen=True)
class Eigenpairs:
    """Some eigenpairs of an operator, with their true residuals."""

    values: Tensor
    """(m,) float64, on the CPU."""
    vectors: Tensor
    """(m, n) float64, orthonormal rows, on the operator's device."""
    residuals: Tensor
    """(m,) float64, on the CPU: ‖A v - λ v‖, with A v from the products themselves. An eigenvalue lies within that."""
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
    relative_to: Literal["largest", "own"] = "largest",
    most_products: int = 80,
) -> Extremes:
    """The `top` algebraically largest and `bottom` smallest eigenpairs, by Lanczos with full re-orthogonalisation.

    The basis is float64 and each new vector is orthogonalised against all others twice: with less, a float32 operator
    of low rank yields eigenvalues that it does not have. Where the Krylov space is used up it goes on with a new
    random vector. The products with the basis are kept, so that A v of a pair is a sum of them: residuals are measured
    at no product more, right to the operator's rounding, and it stops as soon as all are small.

    A pair is called converged when its residual is at most `tolerance` times the largest absolute Ritz value, or times
    its own. Of an eigenvalue with several vectors one start sees one vector: the others may be missing, and so may one
    that the start has nearly nothing of. Memory: most_products · n · 16 bytes, of which what is used is touched.

    Args:
        operator: symmetric; (n,) float64 → (n,) float64.
        n: its dimension.
        top: how many of the largest; fewer are returned when n or the products do not suffice.
        bottom: how many of the smallest.
        generator: draws the start, and the vectors to go on with; on any device.
        device: where the operator's vectors live.
        start: (n,) finite vector to start from instead: see `start_near`.
        tolerance: relative residual, above the operator's own rounding (float32: about 1e-6).
        relative_to: what a residual is compared with: the largest absolute Ritz value, or the pair's own. Beside one
            huge eigenvalue only the latter says anything of the others.
        most_products: bound on all products.

    Returns:
        Both ends. Where the operator yields what is not finite, values and residuals are NaN and nothing is converged.

    Raises:
        ValueError: if the products do not suffice for the pairs.

    Source: Lanczos 1950, doi:10.6028/jres.045.026; re-orthogonalisation as in Parlett 1998,
    doi:10.1137/1.9781611971163. Deviation: the next vector is the residual of the wanted pair that is furthest from
    settled, which for one start is the same direction, and T is Qᵀ A Q as measured, not its three diagonals.
    """
    steps = min(n, most_products)
    if steps < min(n, top + bottom):
        raise ValueError(f"{most_products} products do not suffice for {top} + {bottom} pairs; take more")
    space = _Space(operator, n, torch.device(device), generator, steps)
    space.begin(start)
    allowed = _Allowed(tolerance, relative_to)
    while space.finite and space.size < steps and not space.settled(top, bottom, allowed):
        space.grow(top, bottom, allowed)
    if not space.finite:
        return Extremes(_nothing(top, n, device), _nothing(bottom, n, device), space.size)
    return Extremes(space.pairs(top, 0, allowed), space.pairs(0, bottom, allowed), space.size)


def start_near(vectors: Tensor, generator: torch.Generator) -> Tensor:
    """(n,): a start for an operator whose eigenvectors were these before it changed a little; (m, n), any dtype.

    The sum of the vectors and of a random one of the same length, without which a direction that is new is missed now
    and then. Measured on GANs: a whole block of old vectors to start from, one product each, takes more products than
    no start at all as soon as they have turned by 60 degrees, which ten steps of Adam do; the sum loses nothing then.
    """
    near = vectors.double().sum(0)
    new = drawn(vectors.shape[1], generator, vectors.device)
    start: Tensor = near + new * (near.norm() / new.norm())
    return start


def largest_angle(one: Tensor, other: Tensor) -> float:
    """Largest principal angle between the spaces that two sets of orthonormal rows span, in degrees.

    90 as soon as one direction of the smaller space is orthogonal to all of the other. (a, n) and (b, n); NaN where a
    set is empty or not finite.
    """
    overlap = (one.double() @ other.to(one.device).double().T).cpu()
    if 0 in overlap.shape or not bool(overlap.isfinite().all()):
        return math.nan
    cosine = torch.linalg.svdvals(overlap).min().clamp(0, 1)
    return math.degrees(math.acos(float(cosine)))


class _Space:
    """An orthonormal basis Q that grows, the products A Q, and with them T = Qᵀ A Q and the products' own (AQ)ᵀ AQ."""

    def __init__(
        self, operator: Operator, n: int, device: torch.device, generator: torch.Generator, steps: int
    ) -> None:
        self._operator = operator
        self._n = n
        self._device = device
        self._generator = generator
        self._basis = torch.empty(steps, n, dtype=torch.float64, device=device)
        self._images = torch.empty(steps, n, dtype=torch.float64, device=device)
        self._T = torch.zeros(steps, steps, dtype=torch.float64)
        self._gram = torch.zeros(steps, steps, dtype=torch.float64)
        self._ritz: tuple[Tensor, Tensor] | None = None
        self.size = 0
        self.finite = True

    def begin(self, start: Tensor | None) -> None:
        """Take in the start vector, or a random one."""
        self._take(self._random() if start is None else start.to(self._device, torch.float64))

    def grow(self, top: int, bottom: int, allowed: "_Allowed") -> None:
        """Take in the residual of the wanted pair that is furthest from settled."""
        wanted = self._wanted(top, bottom)
        furthest = (self._foretold(wanted) / allowed.of(wanted)).nan_to_num(nan=0.0).argmax(0, keepdim=True)
        rest = self._without_basis(self._left(wanted.values[furthest], wanted.small[:, furthest])[0])
        if float(rest.norm()) <= BREAKDOWN * wanted.scale:
            rest = self._without_basis(self._random())
        self._take(rest)

    def settled(self, top: int, bottom: int, allowed: "_Allowed") -> bool:
        """Whether all wanted pairs are there and their residuals small, by the cheap formula and then truly."""
        if self.size < min(self._n, top + bottom):
            return False
        wanted = self._wanted(top, bottom)
        if bool((self._foretold(wanted) > allowed.of(wanted)).any()):
            return False
        return bool((self._left(wanted.values, wanted.small).norm(dim=1).cpu() <= allowed.of(wanted)).all())

    def pairs(self, top: int, bottom: int, allowed: "_Allowed") -> Eigenpairs:
        """Ritz pairs with their residuals."""
        wanted = self._wanted(top, bottom)
        vectors = wanted.small.T.to(self._device) @ self._basis[: self.size]
        residuals = self._left(wanted.values, wanted.small).norm(dim=1).cpu()
        return Eigenpairs(wanted.values, vectors, residuals, residuals <= allowed.of(wanted))

    def _wanted(self, top: int, bottom: int) -> "_Wanted":
        """The Ritz pairs at both ends; those in the middle belong to both while there are few."""
        if self._ritz is None:
            self._ritz = torch.linalg.eigh(self._T[: self.size, : self.size], UPLO="L")
        values, small = self._ritz
        top, bottom = min(top, self.size), min(bottom, self.size)
        chosen = [*range(self.size - 1, self.size - 1 - top, -1), *range(bottom)]
        return _Wanted(values[chosen], small[:, chosen], float(values.abs().max()))

    def _foretold(self, wanted: "_Wanted") -> Tensor:
        """‖A Q y - θ Q y‖ from yᵀ(AQ)ᵀAQ y - θ²: without vectors of length n, but blind below 1e-8 of the largest."""
        gram = self._gram[: self.size, : self.size]
        squares = (wanted.small * (gram @ wanted.small)).sum(0) - wanted.values.square()
        return squares.clamp(min=0).sqrt()

    def _left(self, values: Tensor, small: Tensor) -> Tensor:
        """(m, n): A Q y - θ Q y of each pair."""
        y = small.T.contiguous().to(self._device)
        scaled = values[:, None].to(self._device) * y
        return y @ self._images[: self.size] - scaled @ self._basis[: self.size]

    def _take(self, vector: Tensor) -> None:
        """A vector into the basis, normalised and orthogonal to it, and its product beside it."""
        unit = self._without_basis(vector / vector.norm())
        unit = unit / unit.norm()
        image = self._operator(unit)
        here, upto = self.size, self.size + 1
        self._basis[here], self._images[here] = unit, image
        row = torch.stack([self._basis[:upto] @ image, self._images[:upto] @ image]).cpu()
        self._T[here, :upto] = row[0]
        self._gram[here, :upto] = self._gram[:upto, here] = row[1]
        self.finite = bool(row.isfinite().all())
        self.size = upto
        self._ritz = None

    def _random(self) -> Tensor:
        return drawn(self._n, self._generator, self._device)

    def _without_basis(self, vector: Tensor) -> Tensor:
        return split(vector, self._basis[: self.size])[1]


@dataclass(frozen=True)
class _Wanted:
    """Ritz pairs in the coordinates of the basis."""

    values: Tensor
    small: Tensor
    """(size, m): one column each."""
    scale: float
    """The largest absolute Ritz value of all."""


@dataclass(frozen=True)
class _Allowed:
    """How large a residual may be."""

    tolerance: float
    relative_to: Literal["largest", "own"]

    def of(self, wanted: _Wanted) -> Tensor:
        """(m,): one for each pair."""
        scale = torch.full_like(wanted.values, wanted.scale)
        return self.tolerance * (scale if self.relative_to == "largest" else wanted.values.abs().maximum(LEAST * scale))


def _nothing(count: int, n: int, device: torch.device | str) -> Eigenpairs:
    unknown = torch.full((count,), math.nan, dtype=torch.float64)
    vectors = torch.zeros(count, n, dtype=torch.float64, device=device)
    return Eigenpairs(unknown, vectors, unknown.clone(), torch.zeros(count, dtype=torch.bool))
