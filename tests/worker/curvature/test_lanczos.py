"""Eigenpairs against matrices whose eigenvalues are chosen, and the cases on which other Lanczos codes invent some."""

import math

import numpy as np
import pytest
import torch
from scipy.sparse.linalg import LinearOperator, eigsh
from torch.testing import assert_close

from worker.curvature.lanczos import extremes, largest_angle, start_near


def symmetric(eigenvalues, seed=0):
    """A matrix with exactly these eigenvalues and random eigenvectors, and those as columns."""
    n = len(eigenvalues)
    noise = torch.randn(n, n, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    vectors, _ = torch.linalg.qr(noise)
    return vectors @ torch.diag(torch.as_tensor(eigenvalues, dtype=torch.float64)) @ vectors.T, vectors


def look(matrix, top, bottom=0, seed=1, **options):
    generator = torch.Generator().manual_seed(seed)
    return extremes(lambda v: matrix @ v, len(matrix), top=top, bottom=bottom, generator=generator, **options)


def float64(*values):
    return torch.tensor(values, dtype=torch.float64)


def test_both_ends_of_a_known_spectrum():
    spectrum = [-7.0, -3.0, *np.linspace(-1, 1, 94), 4.0, 5.0, 8.0, 11.0]
    matrix, vectors = symmetric(spectrum)
    found = look(matrix, top=3, bottom=2, tolerance=1e-8)
    assert_close(found.top.values, float64(11, 8, 5), rtol=1e-12, atol=0)
    assert_close(found.bottom.values, float64(-7, -3), rtol=1e-12, atol=0)
    assert found.top.converged.all()
    assert found.bottom.converged.all()
    overlaps = (found.top.vectors @ vectors[:, [99, 98, 97]]).abs()
    assert_close(overlaps, torch.eye(3, dtype=torch.float64), rtol=0, atol=1e-7)


def test_the_largest_are_the_algebraically_largest():
    """By size -10 would come first."""
    found = look(symmetric([-10.0, 1, 2, 3, 4, 5, 6, 7])[0], top=2)
    assert_close(found.top.values, float64(7, 6))


def test_agrees_with_arpack():
    matrix, _ = symmetric(torch.randn(120, generator=torch.Generator().manual_seed(5)).tolist(), seed=3)
    found = look(matrix, top=4, tolerance=1e-7, most_products=124)
    arpack = eigsh(LinearOperator(matrix.shape, matvec=lambda v: matrix.numpy() @ v), k=4, which="LA")[0]
    np.testing.assert_allclose(found.top.values.numpy(), arpack[::-1], rtol=1e-9)


@pytest.mark.parametrize("seed", range(20))
def test_a_float32_operator_of_rank_three_yields_no_false_pair(seed):
    """With one pass of Gram-Schmidt in float32 this gave 5, 4.904, 2, 1.793, -1, all called converged."""
    matrix, _ = symmetric([5.0, 2.0, -1.0] + [0.0] * 397, seed=seed)
    rounded = matrix.float()
    generator = torch.Generator().manual_seed(seed)
    found = extremes(lambda v: (rounded @ v.float()).double(), 400, top=5, bottom=1, generator=generator)
    assert_close(found.top.values, float64(5, 2, 0, 0, 0), rtol=1e-6, atol=1e-5)
    assert_close(found.bottom.values, float64(-1), rtol=1e-5, atol=1e-5)
    gram = found.top.vectors @ found.top.vectors.T
    assert_close(gram, torch.eye(5, dtype=torch.float64), rtol=0, atol=1e-12)
    true = (matrix @ found.top.vectors.T - found.top.vectors.T * found.top.values).norm(dim=0)
    assert true.max() < 1e-4


def test_one_large_eigenvalue_is_found_once_however_long_it_looks():
    """Without re-orthogonalisation there were six copies of 10."""
    found = look(symmetric([10.0, *np.linspace(0, 1, 299)])[0], top=6, tolerance=1e-14, most_products=200)
    assert_close(found.top.values[0], float64(10)[0])
    assert found.top.values[1] < 1 + 1e-9


def test_a_used_up_space_goes_on_with_a_new_vector():
    matrix, vectors = symmetric([9.0, 6.0, 1.0, 1.0, 1.0, -2.0])
    found = look(matrix, top=2, bottom=1, start=vectors[:, 2])
    assert_close(found.top.values, float64(9, 6))
    assert_close(found.bottom.values, float64(-2))


def test_several_vectors_of_one_eigenvalue_are_found_when_the_whole_space_is_seen():
    found = look(symmetric([3.0, 3.0, 3.0, 0.0, 0.0])[0], top=4, tolerance=0.0)
    assert_close(found.top.values, float64(3, 3, 3, 0), rtol=0, atol=1e-12)


def test_residuals_are_those_of_the_pairs_and_say_what_has_not_settled():
    matrix, _ = symmetric(np.linspace(0, 1, 200))
    found = look(matrix, top=5, most_products=15, tolerance=1e-3)
    expected = (matrix @ found.top.vectors.T - found.top.vectors.T * found.top.values).norm(dim=0)
    assert_close(found.top.residuals, expected, rtol=1e-9, atol=1e-14)
    assert not found.top.converged.any()
    assert found.products == 15


def test_no_more_products_than_allowed_and_fewer_when_it_settles():
    calls = []
    matrix, _ = symmetric([100.0, *np.linspace(0, 1, 199)])

    def operator(vector):
        calls.append(1)
        return matrix @ vector

    found = extremes(operator, 200, top=1, generator=torch.Generator().manual_seed(0), most_products=60)
    assert len(calls) == found.products < 20
    assert found.top.converged.all()


def test_fewer_pairs_than_asked_where_the_space_is_small():
    found = look(symmetric([2.0, 1.0])[0], top=5, bottom=5)
    assert_close(found.top.values, float64(2, 1))
    assert_close(found.bottom.values, float64(1, 2))


def test_too_few_products_are_refused():
    with pytest.raises(ValueError, match="2 products do not suffice"):
        look(symmetric([1.0, 2.0, 3.0, 4.0])[0], top=3, most_products=2)


def test_the_zero_operator_has_zero_eigenvalues():
    found = look(torch.zeros(4, 4, dtype=torch.float64), top=2)
    assert_close(found.top.values, float64(0, 0))
    assert found.top.converged.all()


def test_what_is_not_finite_shows_and_is_not_called_converged():
    found = look(torch.full((6, 6), math.nan, dtype=torch.float64), top=2, bottom=1)
    assert found.top.values.isnan().all()
    assert found.bottom.values.isnan().all()
    assert not found.top.converged.any()


def test_the_same_generator_gives_the_same_bits():
    matrix, _ = symmetric(np.linspace(-1, 1, 50))
    one, other = look(matrix, top=3), look(matrix, top=3)
    assert torch.equal(one.top.vectors, other.top.vectors)


def test_residuals_cost_no_product_of_their_own():
    calls = []
    matrix, _ = symmetric(np.linspace(0, 1, 50))
    found = extremes(
        lambda v: calls.append(1) or matrix @ v,
        50,
        top=3,
        generator=torch.Generator().manual_seed(0),
        tolerance=0.0,
        most_products=10,
    )
    assert len(calls) == found.products == 10
    assert found.top.residuals.min() > 0


def test_relative_to_its_own_value_a_small_pair_beside_a_huge_one_is_not_called_settled_too_soon():
    matrix, _ = symmetric([1e4, *np.linspace(0, 3, 199)])
    loose, strict = (look(matrix, top=3, tolerance=1e-2, relative_to=of) for of in ("largest", "own"))
    assert loose.top.values[1] < 2.9
    assert_close(strict.top.values, float64(1e4, 3, 2.98492462), rtol=5e-3, atol=0)
    assert (strict.top.residuals <= 1e-2 * strict.top.values).all()
    assert strict.products > loose.products


def test_old_eigenvectors_as_a_start_save_products():
    matrix, vectors = symmetric([*np.linspace(0, 1, 195), 3.0, 4.0, 5.0, 6.0, 7.0])
    near = start_near(vectors.T[-5:].float(), torch.Generator().manual_seed(3))
    cold, tracked = look(matrix, top=5, tolerance=1e-2), look(matrix, top=5, tolerance=1e-2, start=near)
    assert tracked.products < cold.products
    assert_close(tracked.top.values, float64(7, 6, 5, 4, 3), rtol=1e-3, atol=0)


def test_a_start_near_old_vectors_still_sees_a_direction_that_they_have_nothing_of():
    matrix, vectors = symmetric([*np.linspace(0, 1, 195), 3.0, 4.0, 5.0, 6.0, 7.0])
    near = start_near(vectors.T[-4:], torch.Generator().manual_seed(3))
    grown = matrix + 20 * torch.outer(vectors[:, 0], vectors[:, 0])
    assert_close(look(grown, top=1, start=near).top.values, float64(20))


def test_angle_between_spaces():
    one = torch.eye(4)[:2]
    turned = torch.tensor([[1.0, 0, 0, 0], [0, 0.5, math.sqrt(0.75), 0]])
    assert largest_angle(one, turned) == pytest.approx(60, abs=1e-4)
    assert largest_angle(one, torch.eye(4)[1:3]) == pytest.approx(90)
    assert largest_angle(one, one.flip(0)) == pytest.approx(0, abs=1e-4)
    assert math.isnan(largest_angle(one, torch.full((2, 4), math.nan)))
    assert math.isnan(largest_angle(one, torch.zeros(0, 4)))
