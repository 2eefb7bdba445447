import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import toy_run
from worker import monitors

PICTURE = (3, 4, 4)


def look(run, step=1, **params):
    measurement = monitors.family.create("samples", params).measure(run.view(step))
    (grid,) = measurement.grids
    return grid


class Echo(nn.Module):
    """Shows the labels that it was asked for in the first pixels, and the first latent in the next one."""

    def forward(self, z, labels=None):
        picture = torch.zeros(len(z), *PICTURE)
        if labels is not None:
            picture[:, 0, 0, : labels.shape[1]] = labels.float()
        picture[:, 1, 0, 0] = z[:, 0]
        return picture


def with_classes(n_attributes, classes):
    run = toy_run(PICTURE, n_attributes, conditional=True)
    run.G = Echo()
    run.dataset.attributes = dict(zip(run.dataset.attributes, classes, strict=True))
    return run


def asked(grid, attribute):
    """The label that each cell was asked for, row by row."""
    return grid.samples[:, 0, 0, attribute].long().view(grid.rows, grid.columns).tolist()


def test_two_attributes_make_rows_and_columns():
    run = with_classes(2, [["a", "b", "c"], ["x", "y"]])
    grid = look(run)
    assert (grid.rows, grid.columns) == (3, 2)
    assert (grid.row_labels, grid.column_labels) == (["a", "b", "c"], ["x", "y"])
    assert asked(grid, 0) == [[0, 0], [1, 1], [2, 2]]
    assert asked(grid, 1) == [[0, 1]] * 3


def test_one_attribute_makes_rows_of_several_latents():
    run = with_classes(1, [["a", "b", "c"]])
    grid = look(run, columns=5)
    assert (grid.rows, grid.columns) == (3, 5)
    assert (grid.row_labels, grid.column_labels) == (["a", "b", "c"], None)
    assert asked(grid, 0) == [[0] * 5, [1] * 5, [2] * 5]


def test_third_attribute_is_as_the_data_have_it():
    run = with_classes(3, [["a", "b"], ["x", "y"], ["p", "q"]])
    run.dataset.labels[:, 2] = 1
    grid = look(run)
    assert asked(grid, 2) == [[1, 1], [1, 1]]


def test_without_labels_there_are_eight_rows_without_names():
    run = toy_run(PICTURE, 2)
    grid = look(run)
    assert (grid.rows, grid.columns, grid.row_labels, grid.column_labels) == (8, 8, None, None)
    assert grid.samples.shape == (64, *PICTURE)


@pytest.mark.parametrize("conditional", [False, True])
def test_latents_differ_from_cell_to_cell_and_stay_from_look_to_look(conditional):
    run = with_classes(2, [["a", "b"], ["x", "y"]])
    run.conditional = conditional
    first, second = look(run, step=1), look(run, step=2)
    assert len(first.samples[:, 1, 0, 0].unique()) == len(first.samples)
    assert torch.equal(first.samples, second.samples)


def test_of_many_classes_the_first_sixteen_are_shown():
    many = [str(k) for k in range(40)]
    grid = look(with_classes(2, [many, many]))
    assert (grid.rows, grid.columns) == (16, 16)
    assert grid.row_labels == grid.column_labels == many[:16]
    assert asked(grid, 1) == [list(range(16))] * 16


def test_pictures_are_as_g_made_them():
    run = toy_run(PICTURE, 0)
    nn.init.constant_(run.G.layers[-2].bias, float("nan"))
    assert look(run).samples.isnan().all()
