import math

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.parametrizations import spectral_norm

from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.layers import rank
from worker.monitors.spectra import shapes, singular_values, spectra_of


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def with_singular_values(m, n, values):
    """A float32 matrix that has these, up to its own rounding."""
    rng = np.random.default_rng(0)
    left, _ = np.linalg.qr(rng.standard_normal((m, len(values))))
    right, _ = np.linalg.qr(rng.standard_normal((n, len(values))))
    return torch.from_numpy(((left * np.asarray(values)) @ right.T).astype(np.float32))


def by_numpy(matrix):
    return np.linalg.svd(matrix.detach().double().numpy(), compute_uv=False)


def look(G, D, **params):
    run = toy_run((2,))
    run.G, run.D = G, D
    return monitors.family.create("spectra", params).measure(run.view())


def net(*layers):
    return nn.Sequential(*layers)


@pytest.mark.parametrize(
    "matrix",
    [draw(16, 27), draw(64, 8), draw(1, 100), 1e30 * draw(5, 5), 1e-30 * draw(5, 5)],
    ids=["wide", "tall", "one row", "huge", "tiny"],
)
def test_singular_values_are_those_of_a_float64_decomposition(matrix):
    expected = by_numpy(matrix)
    found = singular_values(matrix)
    assert found.dtype == torch.float64
    np.testing.assert_allclose(found.numpy(), expected, rtol=0, atol=1e-12 * expected[0])


def test_singular_values_over_six_decades_are_right_to_a_millionth_of_the_largest():
    """Of a float32 Gram matrix they are wrong by 7e-5 of the largest."""
    matrix = with_singular_values(128, 1152, np.geomspace(1, 1e-6, 128))
    expected = by_numpy(matrix)
    np.testing.assert_allclose(singular_values(matrix).numpy(), expected, rtol=0, atol=1e-9)
    np.testing.assert_allclose(singular_values(matrix).numpy(), expected, rtol=1e-4)
    in_float32 = torch.linalg.eigvalsh(matrix @ matrix.T).clamp_min(0).sqrt().flip(0)
    assert np.abs(in_float32.numpy() - expected).max() > 1e-5, "the stress is one"


def test_rank_that_is_missing_shows_as_nothing():
    found = singular_values(with_singular_values(20, 30, [3.0, 2.0, 0.5]))
    np.testing.assert_allclose(found[:3].numpy(), [3, 2, 0.5], rtol=1e-6)
    assert float(found[3:].max()) < 1e-6


def test_every_layer_as_its_own_matrix():
    """Kernels as (out, in · kh · kw), transposed ones by their own axes; NumPy knows nothing of our helper."""
    plain, transposed = nn.Conv2d(3, 8, 4), nn.ConvTranspose2d(3, 8, 4)
    linear = nn.Linear(5, 2)
    measured = look(net(linear, nn.ReLU()), net(plain, nn.BatchNorm2d(8), transposed))
    spectra = {spectrum.series: spectrum.values for spectrum in measured.spectra}
    assert list(spectra) == ["spectrum.d.0", "spectrum.d.2", "spectrum.g.0"]
    assert [rank(layer) for layer in (plain, transposed, linear)] == [len(values) for values in spectra.values()]
    swapped = transposed.weight.detach().permute(1, 0, 2, 3).reshape(8, 48)
    np.testing.assert_allclose(spectra["spectrum.d.0"], by_numpy(plain.weight.reshape(8, 48)), rtol=1e-10)
    np.testing.assert_allclose(spectra["spectrum.d.2"], by_numpy(swapped), rtol=1e-10)
    np.testing.assert_allclose(spectra["spectrum.g.0"], by_numpy(linear.weight), rtol=1e-10)


def test_weight_that_acts_is_looked_at_and_not_the_raw_one():
    layer = spectral_norm(nn.Linear(6, 4))
    raw = layer.parametrizations.weight.original
    with torch.no_grad():
        raw.copy_(7 * draw(4, 6))
        for _ in range(50):
            layer(draw(1, 6))
    spectrum = look(net(nn.Linear(2, 2)), net(layer)).spectra[0].values
    np.testing.assert_allclose(spectrum, by_numpy(raw) / by_numpy(raw)[0], rtol=1e-5)


def test_vectors_of_spectral_norm_stay_where_they_are():
    layer = spectral_norm(nn.Linear(6, 4)).train()
    before = layer.parametrizations.weight[0]._u.clone()
    spectra_of(net(layer))
    assert torch.equal(layer.parametrizations.weight[0]._u, before)


def test_numbers_of_known_spectra():
    found = shapes([torch.tensor([2.0, 2, 2, 2]).double(), torch.tensor([2.0, 1, 1]).double(), torch.tensor([5.0, 0])])
    expected = {
        "sigma_1": [2, 2, 5],
        "stable_rank": [1, 1.5 / 3, 1 / 2],
        "effective_rank": [1, math.exp(1.5 * math.log(2)) / 3, 1 / 2],
        "above_half": [1, 1 / 3, 1 / 2],
    }
    assert found.keys() == expected.keys()
    for name, values in expected.items():
        np.testing.assert_allclose(found[name].numpy(), values, rtol=1e-12, err_msg=name)


def scaled_identity(*diagonal):
    layer = nn.Linear(len(diagonal), len(diagonal))
    with torch.no_grad():
        layer.weight.copy_(torch.diag(torch.tensor(diagonal)))
    return layer


def test_least_and_greatest_are_over_all_layers_and_names_over_the_largest():
    D = net(scaled_identity(3.0, 3.0), scaled_identity(4.0, 1.0, 1.0, 1.0), scaled_identity(0.5, 0.1))
    scalars = look(net(nn.Flatten()), D, layers=1).scalars
    assert {name for name in scalars if "least" not in name and "greatest" not in name} == {
        "spectrum.d.1.sigma_1",
        "spectrum.d.1.stable_rank",
        "spectrum.d.1.effective_rank",
        "spectrum.d.1.above_half",
    }
    assert scalars["spectrum.d.1.sigma_1"] == pytest.approx(4, rel=1e-9)
    assert scalars["spectrum.d.least.sigma_1"] == pytest.approx(0.5, rel=1e-6)
    assert scalars["spectrum.d.greatest.sigma_1"] == pytest.approx(4, rel=1e-9)
    assert scalars["spectrum.d.least.stable_rank"] == pytest.approx(19 / 16 / 4, rel=1e-9)
    assert scalars["spectrum.d.least.above_half"] == pytest.approx(1 / 4)
    p = torch.tensor([4.0, 1, 1, 1]).double() / 7
    assert scalars["spectrum.d.1.effective_rank"] == pytest.approx(float((-p * p.log()).sum().exp()) / 4, rel=1e-9)
    assert not any(name.startswith("spectrum.g") for name in scalars), "G has no layer"


def test_weight_that_is_zero_has_no_shape_and_does_not_hide_the_others():
    scalars = look(net(nn.Flatten()), net(scaled_identity(0.0, 0.0), scaled_identity(2.0, 1.0))).scalars
    assert scalars["spectrum.d.0.sigma_1"] == 0
    assert math.isnan(scalars["spectrum.d.0.stable_rank"])
    assert math.isnan(scalars["spectrum.d.0.effective_rank"])
    assert math.isnan(scalars["spectrum.d.0.above_half"])
    assert scalars["spectrum.d.least.stable_rank"] == pytest.approx(5 / 8, rel=1e-9)
    alone = look(net(nn.Flatten()), net(scaled_identity(0.0, 0.0))).scalars
    assert math.isnan(alone["spectrum.d.least.above_half"])


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_weight_that_is_not_finite_shows_in_its_layer_and_in_the_least(value):
    ill = scaled_identity(1.0, 1.0)
    with torch.no_grad():
        ill.weight[0, 1] = value
    measured = look(net(nn.Flatten()), net(scaled_identity(2.0, 1.0), ill))
    assert all(math.isnan(each) for each in measured.spectra[1].values)
    assert measured.spectra[0].values == pytest.approx([2, 1])
    for name in ("least.sigma_1", "greatest.sigma_1", "least.stable_rank", "least.above_half", "1.effective_rank"):
        assert math.isnan(measured.scalars[f"spectrum.d.{name}"]), name


def test_what_is_announced_has_the_layers_names():
    D = net(nn.Linear(2, 8), nn.ReLU(), nn.Linear(8, 8), nn.Linear(8, 1))
    announced = monitors.family.create("spectra", {"layers": 2}).series_of(None, net(nn.Flatten()), D)
    kinds = {series.name: series.kind for series in announced}
    assert [name for name, kind in kinds.items() if kind == "spectrum"] == [f"spectrum.d.{n}" for n in (0, 2, 3)]
    assert {name.split(".")[2] for name, kind in kinds.items() if kind == "scalar"} == {"0", "2", "least", "greatest"}
    assert "D's layer 2:" in next(series.meaning for series in announced if series.name == "spectrum.d.2.sigma_1")
