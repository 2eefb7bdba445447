import math

import pytest
import torch
from torch import nn

from contract.events import Points
from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.verdict import Verdict


def look(run, step=1, **params):
    measurement = monitors.family.create("points", params).measure(run.view(step))
    (points,) = measurement.points
    return points


class Plane(nn.Module):
    """D(x) = 3x - 2y + 1."""

    def forward(self, x, labels=None):
        return Verdict(logits=3 * x[:, 0] - 2 * x[:, 1] + 1)


class Line(nn.Module):
    """G(z) = (first latent, 0)."""

    def forward(self, z, labels=None):
        return torch.stack([z[:, 0], torch.zeros(len(z))], dim=1)


@pytest.fixture
def run():
    run = toy_run((2,))
    run.G, run.D = Line(), Plane()
    run.dataset.samples[0] = torch.tensor([-3.0, -1.0])
    run.dataset.samples[1] = torch.tensor([5.0, 1.5])
    return run


def test_extent_is_that_of_the_real_points_and_a_border(run):
    """x from -3 to 5 spans 8, y from -1 to 1.5 spans 2.5; 15 % of that on each side."""
    assert look(run).extent == pytest.approx([-4.2, 6.2, -1.375, 1.875])


def test_field_is_ds_logit_at_the_lattice_rows_from_low_y(run):
    points = look(run, lattice=7)
    x_low, x_high, y_low, y_high = points.extent
    expected = [
        [3 * (x_low + (x_high - x_low) * j / 6) - 2 * (y_low + (y_high - y_low) * i / 6) + 1 for j in range(7)]
        for i in range(7)
    ]
    span = 3 * (x_high - x_low) + 2 * (y_high - y_low)
    torch.testing.assert_close(torch.tensor(points.field), torch.tensor(expected), rtol=0, atol=1e-4 * span)


def test_generated_points_are_gs_of_the_same_latents(run):
    first, second = look(run, 1, n=40), look(run, 2, n=40)
    assert first == second
    assert len(first.generated) == 40
    z = run.view().latents(40, _after_real(run))[:, 0]
    assert [x for x, _ in first.generated] == pytest.approx(z.tolist(), abs=5e-4)
    assert {y for _, y in first.generated} == {0.0}


def _after_real(run):
    """The fixed stream, after the real points have been drawn from it."""
    fixed = run.view().fixed
    torch.randperm(len(run.dataset), generator=fixed)
    return fixed


def test_real_points_are_of_the_set_each_once(run):
    points = look(run)
    assert len(points.real) == 64, "the toy set has no more"
    expected = sorted(run.dataset.samples.tolist())
    torch.testing.assert_close(torch.tensor(sorted(points.real)), torch.tensor(expected), rtol=0, atol=5e-4)


def test_at_most_512_of_each(run):
    run.dataset.samples = torch.rand(2000, 2)
    points = look(run)
    assert len(points.real) == len(points.generated) == 512
    assert len(points.field) == len(points.field[0]) == 48


@pytest.mark.parametrize(("scale", "digits"), [(1.0, 4), (1e-3, 7), (1e3, 1)])
def test_rounding_goes_with_the_span(run, scale, digits):
    run.dataset.samples = scale * torch.rand(64, 2)
    points = look(run)
    real = torch.tensor(points.real, dtype=torch.float64)
    assert len(real.unique()) > 60, "nothing that could be seen is lost"
    texts = [repr(number) for number in real.flatten().tolist() if "e" not in repr(number)]
    assert max(len(text.partition(".")[2]) for text in texts) <= digits + 1


def test_what_is_no_number_stays_so_on_the_wire(run):
    class Broken(nn.Module):
        def forward(self, z, labels=None):
            return torch.tensor([[math.nan, math.inf], [-math.inf, 0.5]])

    run.G = Broken()
    points = look(run, n=2)
    assert math.isnan(points.generated[0][0])
    assert points.generated[0][1] == math.inf
    back = Points.model_validate_json(points.model_dump_json())
    assert back.generated[1] == [-math.inf, 0.5]


@pytest.mark.parametrize("logit", [0.25, math.nan, math.inf, 3e38])
def test_field_of_one_value_is_that_value(run, logit):
    class Constant(nn.Module):
        def forward(self, x, labels=None):
            return Verdict(logits=torch.full((len(x),), logit))

    run.D = Constant()
    value = torch.tensor(logit).item()
    assert all(repr(number) == repr(value) for row in look(run, lattice=3, arrows=0).field for number in row)


def test_a_large_logit_somewhere_does_not_coarsen_the_others(run):
    class Corner(nn.Module):
        def forward(self, x, labels=None):
            return Verdict(logits=torch.cat([torch.tensor([1e6]), torch.full((len(x) - 1,), 0.12345)]))

    run.D = Corner()
    assert look(run, lattice=3, arrows=0).field[2] == pytest.approx([0.12345] * 3, abs=1e-4)


def test_extremes_of_both_signs_do_not_break_the_rounding(run):
    class Extremes(nn.Module):
        def forward(self, x, labels=None):
            return Verdict(logits=torch.where(torch.arange(len(x)) % 2 == 0, 3e38, -3e38))

    run.D = Extremes()
    assert look(run, lattice=3, arrows=0).field[0] == pytest.approx([3e38, -3e38, 3e38], rel=1e-3)


def test_slopes_are_the_surfaces_own(run):
    """D(x) = 3x - 2y + 1 rises by (3, -2) everywhere."""
    points = look(run, n=40, arrows=7)
    assert points.slopes == [[3.0, -2.0]] * 7
    assert len(look(run, n=5, arrows=7).slopes) == 5
    assert look(run, arrows=0).slopes is None


def test_slope_that_is_no_number_stays_so(run):
    class Edge(nn.Module):
        def forward(self, x, labels=None):
            return Verdict(logits=x[:, 1].abs().sqrt())

    run.D = Edge()
    slopes = look(run, arrows=3).slopes
    assert all(dx == 0 and math.isnan(dy) for dx, dy in slopes), "y is 0, where √|y| has no slope"
