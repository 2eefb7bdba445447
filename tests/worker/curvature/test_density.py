"""Densities and traces against matrices whose eigenvalues are chosen, and a dense Hessian's."""

import math

import pytest
import torch
from torch import nn
from torch.autograd.functional import hessian
from torch.func import functional_call
from torch.testing import assert_close

from worker.curvature.density import density, smoothed
from worker.curvature.products import HessianOperator


def symmetric(eigenvalues, seed=0):
    n = len(eigenvalues)
    noise = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    vectors, _ = torch.linalg.qr(noise)
    return vectors @ torch.diag(torch.as_tensor(eigenvalues, dtype=torch.float64)) @ vectors.T


def look(matrix, probes=4, steps=200, seed=1):
    generator = torch.Generator().manual_seed(seed)
    return density(lambda v: matrix @ v, len(matrix), probes=probes, steps=steps, generator=generator)


def dense_hessian():
    """The Hessian of a tiny net's loss, formed by torch, and a function that multiplies by it."""
    torch.manual_seed(0)
    module = nn.Sequential(nn.Linear(3, 6), nn.Tanh(), nn.Linear(6, 1)).double()
    x = torch.randn(16, 3, dtype=torch.float64)
    parameters = dict(module.named_parameters())
    shapes = {name: parameter.shape for name, parameter in parameters.items()}

    def loss(flat):
        pieces = flat.split([shape.numel() for shape in shapes.values()])
        given = {name: piece.view(shape) for (name, shape), piece in zip(shapes.items(), pieces, strict=True)}
        return nn.functional.softplus(-functional_call(module, given, (x,))).mean()

    flat = torch.cat([parameter.detach().flatten() for parameter in parameters.values()])
    operator = HessianOperator(lambda: nn.functional.softplus(-module(x)).mean(), list(parameters.values()))
    return hessian(loss, flat), operator


def test_integral_is_one():
    found = look(symmetric([-3.0, *torch.linspace(-1, 1, 96).tolist(), 2.0, 5.0, 40.0]), steps=20)
    assert_close(torch.trapezoid(found.density, found.at), torch.tensor(1.0, dtype=torch.float64), rtol=0, atol=1e-5)


def test_density_of_a_dense_hessian_lies_within_its_error():
    """The whole space is seen, so only the probes differ: 150 of them, and a mean that is 4 errors off nowhere."""
    dense, operator = dense_hessian()
    n = operator.n
    found = density(operator, n, probes=150, steps=n, generator=torch.Generator().manual_seed(2))
    exact = smoothed(found.at, torch.linalg.eigvalsh(dense), torch.full((n,), 1 / n, dtype=torch.float64), found.width)
    seen = exact > 1e-3 * exact.max()
    away = ((found.density - exact) / found.stderr)[seen]
    assert seen.sum() > 20
    assert away.abs().max() < 4.5
    assert away.square().mean() == pytest.approx(1, abs=0.7)


def test_trace_lies_within_its_error_and_the_error_is_right():
    dense, operator = dense_hessian()
    looks = [
        density(operator, operator.n, probes=4, steps=1, generator=torch.Generator().manual_seed(seed))
        for seed in range(150)
    ]
    traces = torch.tensor([found.trace for found in looks], dtype=torch.float64)
    # random signs: the variance of vᵀ A v is twice the sum of squares off the diagonal
    sigma = math.sqrt(2 * float(dense.square().sum() - dense.diagonal().square().sum()) / 4)
    assert float(traces.mean()) == pytest.approx(float(dense.trace()), abs=4 * sigma / math.sqrt(150))
    assert float(traces.std()) == pytest.approx(sigma, rel=0.25)
    squared = torch.tensor([found.trace_stderr**2 for found in looks], dtype=torch.float64)
    assert float(squared.mean()) == pytest.approx(sigma**2, rel=0.25)


def test_one_probe_s_rule_is_exact_for_its_own_vector():
    """Σ_i (v·u_i)² N(t; λ_i, width²), from the eigenvectors: what the nodes and weights must add up to."""
    matrix = symmetric([4.0, 1.0, 0.5, -2.0, 7.0])
    values, vectors = torch.linalg.eigh(matrix)
    found = look(matrix, probes=2, seed=3)
    generator = torch.Generator().manual_seed(3)
    signs = [torch.randint(2, (5,), generator=generator).double() * 2 - 1 for _ in range(2)]
    weights = [(vectors.T @ each / math.sqrt(5)).square() for each in signs]
    expected = sum(smoothed(found.at, values, each, found.width) for each in weights) / 2
    assert_close(found.density, expected, rtol=1e-8, atol=1e-10)


def test_low_rank_is_a_peak_at_zero_and_few_products():
    matrix = symmetric([5.0, 2.0, -1.0] + [0.0] * 397)
    found = look(matrix, probes=20)
    assert found.products == 20 * 4
    near_zero = found.at.abs() < 0.5
    share = torch.trapezoid(found.density[near_zero], found.at[near_zero])
    assert float(share) == pytest.approx(397 / 400, abs=0.005)


def test_all_eigenvalues_equal_and_the_zero_operator_still_have_a_density():
    for value in (3.0, 0.0):
        found = look(value * torch.eye(6, dtype=torch.float64))
        assert found.trace == pytest.approx(6 * value)
        assert found.trace_stderr == pytest.approx(0, abs=1e-12)
        assert float(torch.trapezoid(found.density, found.at)) == pytest.approx(1, abs=1e-5)


def test_what_is_not_finite_shows():
    found = look(torch.full((6, 6), math.nan, dtype=torch.float64))
    assert found.density.isnan().all()
    assert math.isnan(found.trace)
    assert math.isnan(found.trace_stderr)


def test_one_probe_is_refused():
    with pytest.raises(ValueError, match="no standard error"):
        look(torch.eye(3, dtype=torch.float64), probes=1)
