"""The game's Jacobian against numpy on a dense one, and against the game of two numbers, whose eigenvalues are ±i."""

import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import functional_call, jacrev
from torch.testing import assert_close

from worker.curvature.jacobian import JacobianOperator, outermost


def game():
    """A tiny game in float64: players, both losses as a function of given weights, and the dense Jacobian."""
    torch.manual_seed(0)
    G = nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    D = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    z, real = torch.randn(12, 2, dtype=torch.float64), torch.randn(12, 2, dtype=torch.float64) + 1

    def losses(of_g, of_d):
        fake = functional_call(D, of_d, (functional_call(G, of_g, (z,)),))
        on_real = functional_call(D, of_d, (real,))
        softplus = nn.functional.softplus
        return softplus(-fake).mean(), softplus(-on_real).mean() + softplus(fake).mean()

    weights = [*G.parameters(), *D.parameters()]
    names = [("G", name) for name, _ in G.named_parameters()] + [("D", name) for name, _ in D.named_parameters()]

    def split(flat):
        pieces = flat.split([weight.numel() for weight in weights])
        shaped = {name: piece.view(w.shape) for name, piece, w in zip(names, pieces, weights, strict=True)}
        return [{name: each for (player, name), each in shaped.items() if player == letter} for letter in "GD"]

    def field(flat):
        n_g = sum(weight.numel() for weight in G.parameters())
        of_g = torch.func.grad(lambda w: losses(*split(w))[0])(flat)
        of_d = torch.func.grad(lambda w: losses(*split(w))[1])(flat)
        return torch.cat([of_g[:n_g], of_d[n_g:]])

    flat = torch.cat([weight.detach().flatten() for weight in weights])
    operator = JacobianOperator(lambda: losses({}, {}), list(G.parameters()), list(D.parameters()))
    return operator, jacrev(field)(flat)


def look(matrix, count, **options):
    generator = torch.Generator().manual_seed(0)
    return outermost(lambda v: matrix @ v, len(matrix), count=count, generator=generator, **options)


def test_products_are_the_columns_of_the_dense_jacobian():
    operator, dense = game()
    columns = torch.stack([operator(unit) for unit in torch.eye(operator.n, dtype=torch.float64)], dim=1)
    assert operator.n == 43
    assert_close(columns, dense, rtol=1e-9, atol=1e-12)
    assert (dense - dense.T).abs().max() > 0.01


def test_eigenvalues_of_a_tiny_game_are_numpy_s():
    operator, dense = game()
    found = outermost(
        operator, operator.n, count=6, generator=torch.Generator().manual_seed(1), tolerance=1e-9, most_products=43
    )
    exact = np.linalg.eig(dense.numpy())[0]
    largest = exact[np.argsort(-np.abs(exact))][: len(found.values)]
    np.testing.assert_allclose(np.sort_complex(found.values.numpy()), np.sort_complex(largest), rtol=1e-7, atol=1e-9)
    assert found.values.imag.abs().max() > 1e-3
    assert found.converged.all()


def test_the_game_of_two_numbers_circles():
    """L_G = -ψ θ and L_D = ψ θ: J = ((0, -1), (1, 0)), with eigenvalues ±i wherever the players stand."""
    theta, psi = (nn.Parameter(torch.tensor([start], dtype=torch.float64)) for start in (0.3, -2.0))
    operator = JacobianOperator(lambda: (-(psi * theta).sum(), (psi * theta).sum()), [theta], [psi])
    assert_close(operator(torch.tensor([1.0, 0.0], dtype=torch.float64)), torch.tensor([0.0, 1.0], dtype=torch.float64))
    found = outermost(operator, 2, count=2, generator=torch.Generator().manual_seed(0))
    assert_close(found.values, torch.tensor([1j, -1j], dtype=torch.complex128), rtol=0, atol=1e-14)
    assert found.residuals.max() < 1e-14
    assert found.products == 2


def test_a_linear_loss_of_one_player_has_rows_of_zeros():
    a, b = nn.Parameter(torch.tensor([2.0])), nn.Parameter(torch.tensor([3.0]))
    operator = JacobianOperator(lambda: (5 * a.sum(), (a * b**2).sum()), [a], [b])
    columns = [operator(torch.tensor(unit, dtype=torch.float64)).tolist() for unit in ([1.0, 0.0], [0.0, 1.0])]
    assert columns == [[0, 6], [0, 4]]  # ∂L_b/∂b = 2 a b


def test_outermost_first_and_no_conjugate_without_the_other():
    blocks = [torch.tensor([[x, -y], [y, x]]) for x, y in ((0.0, 3.0), (1.0, 1.0), (0.1, 0.2))]
    matrix = torch.block_diag(*blocks, torch.tensor([[-2.5]])).double()
    found = look(matrix, 4)
    expected = torch.tensor([3j, -3j, -2.5, 1 + 1j, 1 - 1j], dtype=torch.complex128)
    assert_close(found.values, expected, rtol=0, atol=1e-10)


def test_residual_is_that_of_the_pair():
    """By hand: the Ritz vector from a basis of one's own, multiplied once more."""
    noise = torch.randn(60, 60, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    seen = []
    generator = torch.Generator().manual_seed(0)
    found = outermost(lambda v: seen.append(v.clone()) or noise @ v, 60, count=3, generator=generator, most_products=12)
    basis = torch.stack(seen)
    assert_close(basis @ basis.T, torch.eye(12, dtype=torch.float64), rtol=0, atol=1e-13)
    values, small = torch.linalg.eig(basis @ noise @ basis.T)
    for value, residual in zip(found.values, found.residuals, strict=True):
        y = small[:, (values - value).abs().argmin()]
        ritz = basis.T.to(torch.complex128) @ (y / y.norm())
        left = noise.to(torch.complex128) @ ritz - value * ritz
        assert float(torch.linalg.vector_norm(left)) == pytest.approx(float(residual), rel=1e-8)
    assert not found.converged.any()


def test_a_used_up_space_goes_on_and_nothing_is_invented():
    matrix = torch.diag(torch.tensor([2.0, 2.0, 2.0, 0.0, 0.0], dtype=torch.float64))
    found = look(matrix, 5)
    assert_close(found.values.real, torch.tensor([2.0, 2, 2, 0, 0], dtype=torch.float64), rtol=0, atol=1e-12)
    assert found.values.imag.abs().max() < 1e-12


def test_what_is_not_finite_shows_and_is_not_called_converged():
    found = look(torch.full((6, 6), math.nan, dtype=torch.float64), 3)
    assert found.values.real.isnan().all()
    assert found.residuals.isnan().all()
    assert not found.converged.any()
