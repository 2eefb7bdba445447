"""How the eigenvalues of a symmetric operator are distributed, and their sum, from a few random vectors."""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from worker.curvature._basis import BREAKDOWN, split
from worker.curvature.products import Operator

POINTS = 128
"""Points at which a density is given."""
MARGIN = 5
"""Points, and so standard deviations of the smoothing, beyond the outermost nodes: 6e-7 of a Gaussian lie outside."""


@dataclass(frozen=True)
class SpectralDensity:
    """A smoothed density of eigenvalues and the sum of them, each with the standard error over the probes."""

    at: Tensor
    """(128,) float64: equally spaced; NaN where the operator was not finite, as all the rest."""
    density: Tensor
    """(128,) share of the eigenvalues per unit of eigenvalue; its integral is 1."""
    stderr: Tensor
    """(128,) standard error of `density` over the probes."""
    trace: float
    """Estimated sum of all eigenvalues."""
    trace_stderr: float
    """Standard error of `trace` over the probes."""
    width: float
    """Standard deviation of the Gaussian that stands for each eigenvalue: the distance of two points."""
    products: int
    """Products that it took."""


def density(
    operator: Operator,
    n: int,
    *,
    probes: int,
    steps: int,
    generator: torch.Generator,
    device: torch.device | str = "cpu",
) -> SpectralDensity:
    """The density of eigenvalues by stochastic Lanczos quadrature, and the trace by Hutchinson's estimator.

    Each probe v has random signs, scaled to length 1. m steps of Lanczos from it, with full re-orthogonalisation in
    float64, give nodes θ_i and weights τ_i, the squared first components of T's eigenvectors, and

    density(t) ≈ mean over probes of Σ_i τ_i N(t; θ_i, width²),   trace = n · mean of vᵀ A v,

    the latter without bias and free. In the mean over all v the exact density smoothed by the same Gaussian comes out,
    up to what m steps cannot resolve in the bulk; the ends are resolved first. The error is that of the probes alone:
    standard deviation over √probes, whose own error is a half with 3 probes and a third with 6.

    Args:
        operator: symmetric; (n,) float64 → (n,) float64.
        n: its dimension.
        probes: random vectors, at least 2.
        steps: products a probe; fewer where its Krylov space is used up.
        generator: draws the signs; on any device.
        device: where the operator's vectors live.

    Returns:
        Density and trace; all NaN where the operator yields what is not finite.

    Raises:
        ValueError: with fewer than two probes there is no error to give.

    Source: Ubaru, Chen & Saad 2017, doi:10.1137/16M1104974; for networks Ghorbani, Krishnan & Xiao 2019,
    arXiv:1901.10159; trace: Hutchinson 1990, doi:10.1080/03610919008812866.
    """
    if probes < 2:
        raise ValueError(f"{probes} probe gives no standard error; take at least 2")
    rules = []
    for _ in range(probes):
        signs = torch.randint(2, (n,), generator=generator, device=generator.device) * 2 - 1
        rules.append(_rule(operator, signs.to(device, torch.float64) / math.sqrt(n), min(steps, n)))
    products = sum(rule.products for rule in rules)
    nodes = torch.cat([rule.nodes for rule in rules])
    if not bool(nodes.isfinite().all()):
        unknown = torch.full((POINTS,), math.nan, dtype=torch.float64)
        return SpectralDensity(unknown, unknown.clone(), unknown.clone(), math.nan, math.nan, math.nan, products)
    at, width = _points(nodes)
    curves = torch.stack([smoothed(at, rule.nodes, rule.weights, width) for rule in rules])
    traces = n * torch.stack([rule.nodes @ rule.weights for rule in rules])
    return SpectralDensity(
        at,
        curves.mean(0),
        curves.std(0) / math.sqrt(probes),
        float(traces.mean()),
        float(traces.std()) / math.sqrt(probes),
        width,
        products,
    )


def smoothed(at: Tensor, nodes: Tensor, weights: Tensor, width: float) -> Tensor:
    """Σ_i weights_i N(at; nodes_i, width²): (p,) from (p,), (m,) and (m,)."""
    away = (at[:, None] - nodes) / width
    return torch.exp(-away.square() / 2) @ weights / (width * math.sqrt(2 * math.pi))


def _points(nodes: Tensor) -> tuple[Tensor, float]:
    """Where the density is given, and the distance of two points. All eigenvalues equal still have a width."""
    least, most = float(nodes.min()), float(nodes.max())
    size = max(abs(least), abs(most)) or 1.0
    reach = max(most - least, 1e-6 * size)
    width = reach / (POINTS - 1 - 2 * MARGIN)
    middle = (least + most) / 2
    half = width * (POINTS - 1) / 2
    return torch.linspace(middle - half, middle + half, POINTS, dtype=torch.float64), width


@dataclass(frozen=True)
class _Rule:
    """A Gauss quadrature rule: one probe's share of the spectrum."""

    nodes: Tensor
    weights: Tensor
    products: int


def _rule(operator: Operator, probe: Tensor, steps: int) -> _Rule:
    """Lanczos from one probe; it ends early where nothing is left of the Krylov space, for the rest weighs nothing."""
    basis = torch.empty(steps, len(probe), dtype=torch.float64, device=probe.device)
    diagonal: list[float] = []
    beside: list[float] = []
    unit = probe
    while True:
        basis[len(diagonal)] = unit
        product = operator(unit)
        diagonal.append(float(product @ unit))
        if not math.isfinite(diagonal[-1]):
            return _Rule(torch.tensor([math.nan], dtype=torch.float64), torch.ones(1), len(diagonal))
        product = split(product, basis[: len(diagonal)])[1]
        length = float(product.norm())
        if len(diagonal) == steps or length <= BREAKDOWN * max(map(abs, [*diagonal, *beside, length])):
            break
        beside.append(length)
        unit = product / length
    coupling = torch.tensor(beside, dtype=torch.float64)
    matrix = torch.diag(torch.tensor(diagonal, dtype=torch.float64)) + coupling.diag(1) + coupling.diag(-1)
    nodes, small = torch.linalg.eigh(matrix)
    return _Rule(nodes, small[0].square(), len(diagonal))
