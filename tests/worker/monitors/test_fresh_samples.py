import pytest
import torch

from tests.worker.monitors.test_samples import Echo, asked, with_classes
from tests.worker.monitors.toys import toy_run
from worker import monitors


def look(run, step, **params):
    (grid,) = monitors.family.create("fresh_samples", params).measure(run.view(step)).grids
    return grid


@pytest.mark.parametrize("conditional", [False, True])
def test_no_latent_is_seen_twice(conditional):
    run = with_classes(2, [["a", "b"], ["x", "y"]])
    run.conditional = conditional
    first, second = look(run, 1), look(run, 2)
    latents = torch.cat([first.samples[:, 1, 0, 0], second.samples[:, 1, 0, 0]])
    assert len(latents.unique()) == len(first.samples) + len(second.samples)


def test_the_same_look_gives_the_same_pictures():
    run = toy_run((3, 4, 4))
    run.G = Echo()
    assert torch.equal(look(run, 3).samples, look(run, 3).samples)


def test_rows_and_columns_are_asked_for_their_classes():
    grid = look(with_classes(2, [["a", "b", "c"], ["x", "y"]]), 1)
    assert (grid.row_labels, grid.column_labels) == (["a", "b", "c"], ["x", "y"])
    assert asked(grid, 0) == [[0, 0], [1, 1], [2, 2]]
    assert asked(grid, 1) == [[0, 1]] * 3
