import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import Z_DIM, toy_run
from worker import monitors
from worker.monitors.interpolation import quarter_turns


class Latents(nn.Module):
    """Shows the latent and, behind it, the label that it was given."""

    def forward(self, z, labels=None):
        shown = torch.zeros(len(z), 3, 4, 4)
        shown[:, 0].flatten(1)[:, :Z_DIM] = z
        if labels is not None:
            shown[:, 1, 0, 0] = labels[:, 0].float()
        return shown


def look(run, step=1, **params):
    run.G = Latents()
    (grid,) = monitors.family.create("interpolation", params).measure(run.view(step)).grids
    return grid


def test_the_way_of_two_axes_is_a_quarter_of_a_circle():
    a, b = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.0, 1.0]])
    half = 0.5**0.5
    expected = torch.tensor([[1, 0], [half, half], [0, 1]])
    torch.testing.assert_close(quarter_turns(a, b, 3), expected, rtol=0, atol=1e-7)


def test_ends_are_exact_and_rows_their_own():
    a, b = torch.randn(3, 4), torch.randn(3, 4)
    ways = quarter_turns(a, b, 6).view(3, 6, 4)
    assert torch.equal(ways[:, 0], a)
    assert torch.equal(ways[:, -1], b)


def test_every_place_on_the_way_has_the_priors_variance():
    """Var z(t) = cos² + sin² = 1; a straight line's middle would have ½. The error of 200,000 draws is 0.0032."""
    generator = torch.Generator().manual_seed(4)
    a, b = torch.randn(2, 200_000, 1, generator=generator)
    variances = quarter_turns(a, b, 5).view(-1, 5).var(0)
    torch.testing.assert_close(variances, torch.ones(5), rtol=0, atol=0.013)


def test_strips_stay_from_look_to_look():
    run = toy_run((3, 4, 4))
    grid = look(run, strips=2, pictures=5)
    assert (grid.rows, grid.columns, len(grid.samples)) == (2, 5, 10)
    assert torch.equal(grid.samples, look(run, 2, strips=2, pictures=5).samples)


def test_a_strip_keeps_its_label():
    run = toy_run((3, 4, 4), 1, conditional=True)
    labels = look(run, strips=16, pictures=4).samples[:, 1, 0, 0].view(16, 4)
    assert (labels == labels[:, :1]).all()
    assert len(labels[:, 0].unique()) == 2


@pytest.mark.parametrize("pictures", [2, 17])
def test_a_strip_has_a_middle_and_an_end(pictures):
    with pytest.raises(ValueError, match="pictures"):
        monitors.family.create("interpolation", {"pictures": pictures})
