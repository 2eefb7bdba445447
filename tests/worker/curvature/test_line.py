"""Filter-normalised lines, and a loss whose rise along them is known."""

import math

import pytest
import torch
from torch import nn
from torch.testing import assert_close

from worker.curvature.line import filter_normalised, rise


def draw(module, seed=0):
    return filter_normalised(module, torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(
    ("layer", "out"), [(nn.Linear(4, 3), 0), (nn.Conv2d(2, 5, 3), 0), (nn.ConvTranspose2d(2, 5, 3), 1)]
)
def test_every_filter_of_the_direction_is_as_long_as_the_layer_s_own(layer, out):
    direction = draw(layer)["weight"]
    filters, own = direction.transpose(0, out).flatten(1), layer.weight.detach().transpose(0, out).flatten(1)
    assert_close(filters.norm(dim=1), own.norm(dim=1))
    assert (filters / own).std() > 0.1


def test_biases_and_scales_stay():
    directions = draw(nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)))
    assert [name for name, d in directions.items() if d.abs().max() > 0] == ["0.weight"]


def test_rise_of_a_quadratic():
    """L = ½ c ‖W‖²: at ±r along d the mean rise is ½ c r² ‖d‖², and ‖d‖ = ‖W‖ filter by filter."""
    layer, c, r = nn.Linear(4, 3, bias=False).double(), 3.0, 0.2
    size = float(layer.weight.detach().square().sum())

    def loss(weights):
        return c / 2 * weights.get("weight", layer.weight).square().sum()

    found = rise(loss, layer, radius=r, directions=3, generator=torch.Generator().manual_seed(0))
    assert found.loss == pytest.approx(c / 2 * size, rel=1e-12)
    assert found.rise == pytest.approx(c / 2 * r**2 * size, rel=1e-10)
    assert found.stderr == pytest.approx(0, abs=1e-12)
    assert found.evaluations == 7


def test_slope_cancels_and_the_error_is_that_over_the_lines():
    layer = nn.Linear(3, 1, bias=False).double()

    def loss(weights):
        w = weights.get("weight", layer.weight)[0]
        return 1000 * w.sum() + w[0] ** 2

    generator = torch.Generator().manual_seed(5)
    expected = torch.stack([filter_normalised(layer, generator)["weight"][0, 0] ** 2 for _ in range(6)])
    found = rise(loss, layer, radius=1.0, directions=6, generator=torch.Generator().manual_seed(5))
    assert found.rise == pytest.approx(float(expected.mean()), rel=1e-8)
    assert found.stderr == pytest.approx(float(expected.std()) / math.sqrt(6), rel=1e-8)


def test_weights_are_left_alone_and_nan_shows():
    layer = nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    found = rise(
        lambda weights: weights.get("weight", layer.weight).sum() * math.nan,
        layer,
        radius=1.0,
        directions=2,
        generator=torch.Generator().manual_seed(0),
    )
    assert math.isnan(found.rise)
    assert torch.equal(layer.weight, before)


def test_one_direction_is_refused():
    with pytest.raises(ValueError, match="no standard error"):
        rise(lambda weights: torch.zeros(()), nn.Linear(1, 1), radius=1.0, directions=1, generator=torch.Generator())
