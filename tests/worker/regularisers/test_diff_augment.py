import numpy as np
import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.regularisers import Moment

X = torch.randn(5, 3, 8, 12, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
OFF = {"colour": 0.0, "translation": 0.0, "cutout": 0.0}


def augmented(x, seed=7, **params):
    component = regularisers.family.create("diff_augment", OFF | params)
    return component.inputs(x, Moment(1, "D", torch.Generator().manual_seed(seed)))


def draws(seed=7):
    return torch.rand(7, len(X), generator=torch.Generator().manual_seed(seed)).double().numpy()


@pytest.mark.parametrize("strength", [1.0, 0.4])
def test_colours_change_as_written_one_draw_a_sample(strength):
    u, expected = draws(), X.numpy().copy()
    for i, x in enumerate(expected):
        x += strength * (u[0, i] - 0.5)
        x[:] = x.mean(axis=0) + (1 + strength * (2 * u[1, i] - 1)) * (x - x.mean(axis=0))
        x[:] = x.mean() + (1 + strength * (u[2, i] - 0.5)) * (x - x.mean())
    np.testing.assert_allclose(augmented(X, colour=strength).numpy(), expected, rtol=1e-10, atol=1e-12)


def test_pictures_are_moved_by_whole_pixels_and_zeros_come_in():
    u, expected = draws(), np.zeros(X.shape)
    for i, x in enumerate(X.numpy()):
        down, right = int(u[3, i] * 5) - 2, int(u[4, i] * 7) - 3  # [¼ · 8] = 2 and [¼ · 12] = 3 at most
        wide = np.pad(x, ((0, 0), (2, 2), (3, 3)))
        expected[i] = wide[:, 2 - down : 10 - down, 3 - right : 15 - right]
    np.testing.assert_array_equal(augmented(X, translation=0.25).numpy(), expected)


@pytest.mark.parametrize(("share", "height", "width"), [(0.5, 4, 6), (0.4, 3, 5), (1.0, 8, 12)])
def test_a_hole_is_cut_around_a_middle_anywhere_in_the_picture(share, height, width):
    u, expected = draws(), X.numpy().copy()
    for i, x in enumerate(expected):
        top = int(u[5, i] * (8 + 1 - height % 2)) - height // 2
        left = int(u[6, i] * (12 + 1 - width % 2)) - width // 2
        x[:, max(top, 0) : max(top + height, 0), max(left, 0) : max(left + width, 0)] = 0
    np.testing.assert_array_equal(augmented(X, cutout=share).numpy(), expected)


def test_places_are_uniform():
    """Each of 5 shifts, and each row for the middle of a hole, as often as the others, within five standard errors."""
    x = torch.zeros(20_000, 1, 8, 8)
    x[:, :, 4, 4] = 1
    rows = augmented(x, translation=0.25).sum(dim=(1, 3)).mean(dim=0)
    assert_close(rows, torch.tensor([0, 0, 0.2, 0.2, 0.2, 0.2, 0.2, 0]), rtol=0, atol=5 * (0.2 * 0.8 / 20_000) ** 0.5)
    holes = 1 - augmented(torch.ones(20_000, 1, 8, 8), cutout=0.125)[:, 0].amin(dim=2).mean(dim=0)
    assert_close(holes, torch.full((8,), 1 / 8), rtol=0, atol=5 * (1 / 8 * 7 / 8 / 20_000) ** 0.5)


def test_turned_off_pictures_pass_unchanged_and_the_stream_moves_as_ever():
    states = []
    for params in (OFF, {}):
        stream = torch.Generator().manual_seed(7)
        x = regularisers.family.create("diff_augment", params).inputs(X, Moment(1, "D", stream))
        assert torch.equal(x, X) == (params is OFF)
        states.append(stream.get_state())
    assert torch.equal(*states)


def test_gradients_go_through_all_policies_twice():
    x = X[:2, :, :4, :4].clone().requires_grad_()

    def answer(x):
        return augmented(x, colour=1.0, translation=0.25, cutout=0.5).square()

    assert torch.autograd.gradcheck(answer, (x,))
    assert torch.autograd.gradgradcheck(answer, (x,))


def test_channels_that_lie_last_in_memory_stay_there():
    x = X.float().contiguous(memory_format=torch.channels_last)
    assert augmented(x, colour=1.0, translation=0.2, cutout=0.2).is_contiguous(memory_format=torch.channels_last)
