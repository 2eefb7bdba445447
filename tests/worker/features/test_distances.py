import numpy as np
import pytest
import torch

from worker.features.distances import radii, squared_distances, within


def points(n, dimensions, seed=0):
    return torch.randn(n, dimensions, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("dimensions", [2, 40], ids=["one by one", "expanded"])
def test_distances_are_those_of_a_loop(dimensions):
    x, y = points(7, dimensions), points(5, dimensions, 1)
    expected = [[sum((a - b) ** 2 for a, b in zip(p, q, strict=True)) for q in y.tolist()] for p in x.tolist()]
    torch.testing.assert_close(squared_distances(x, y), torch.tensor(expected, dtype=torch.float64))


@pytest.mark.parametrize("dimensions", [2, 40], ids=["one by one", "expanded"])
def test_close_points_far_from_zero_are_told_apart(dimensions):
    """1e-6 apart at 1,000 from zero: an expansion about zero would be wrong in the fourth digit."""
    x = points(6, dimensions)
    moved = x + 1000
    torch.testing.assert_close(
        within(moved[:1] + 1e-6 * x), within(1e-6 * x), rtol=1e-3 if dimensions == 2 else 1e-2, atol=0
    )


def test_point_is_not_its_own_neighbour():
    x = torch.tensor([[0.0], [1.0], [3.0], [7.0]], dtype=torch.float64)
    assert radii(x, 1).tolist() == [1, 1, 4, 16]
    assert radii(x, 2).tolist() == [9, 4, 9, 36]


def test_equal_points_are_neighbours_at_no_distance():
    x = torch.zeros(3, 40, dtype=torch.float64)
    assert radii(x, 1).tolist() == [0, 0, 0]


def test_radii_are_those_of_sorted_distances():
    x = points(30, 20)
    distances = np.sort(np.linalg.norm(x.numpy()[:, None] - x.numpy(), axis=2), axis=1)
    np.testing.assert_allclose(radii(x, 5).sqrt().numpy(), distances[:, 5], rtol=1e-12)
