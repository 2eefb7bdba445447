import numpy as np
import pytest
import torch
from torch import nn
from torch.testing import assert_close

from worker import regularisers
from worker.regularisers.spectral_norm import NothingToNormalise


def matrix(kernel, *, transposed):
    """The kernel as the matrix (out, in · kh · kw), by NumPy's own rules."""
    array = kernel.detach().numpy()
    if transposed:
        array = array.swapaxes(0, 1)
    return array.reshape(array.shape[0], -1)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.Linear(7, 5), torch.zeros(1, 7)),
        (nn.Conv2d(3, 6, 4, 2, 1), torch.zeros(1, 3, 8, 8)),
        (nn.ConvTranspose2d(6, 3, 4, 2, 1), torch.zeros(1, 6, 8, 8)),
    ],
    ids=["linear", "conv", "transposed"],
)
def test_weight_is_divided_by_the_largest_singular_value(layer, x):
    transposed = isinstance(layer, nn.ConvTranspose2d)
    raw = matrix(layer.weight, transposed=transposed).copy()
    regularisers.family.create("spectral_norm", {}).build(layer)
    for _ in range(300):
        layer(x)
    largest = np.linalg.svd(raw.astype(np.float64), compute_uv=False)[0]
    normalised = matrix(layer.eval().weight, transposed=transposed)
    np.testing.assert_allclose(normalised, raw / largest, rtol=1e-4, atol=1e-6)


def test_every_layer_of_the_player_is_normalised_and_biases_are_left():
    player = nn.Sequential(nn.Conv2d(3, 4, 3), nn.Sequential(nn.Flatten(), nn.Linear(4, 2)))
    regularisers.family.create("spectral_norm", {}).build(player)
    assert sorted(dict(player.named_parameters())) == [
        "0.bias",
        "0.parametrizations.weight.original",
        "1.1.bias",
        "1.1.parametrizations.weight.original",
    ]


def test_one_power_iteration_a_pass_in_training_and_none_in_eval():
    layer = nn.Linear(6, 6)
    regularisers.family.create("spectral_norm", {}).build(layer)
    with torch.no_grad():
        layer.parametrizations.weight.original.copy_(torch.diag(torch.tensor([3.0, 2.0, 1.0, 1.0, 1.0, 1.0])))
    state = layer.parametrizations.weight[0]
    state._v.fill_(6**-0.5)
    before = state._u.clone(), state._v.clone()
    layer.eval()(torch.zeros(1, 6))
    assert_close((state._u, state._v), before, rtol=0, atol=0)
    layer.train()(torch.zeros(1, 6))
    iterated = np.diag([3.0, 2, 1, 1, 1, 1]) @ np.full(6, 6**-0.5)
    np.testing.assert_allclose(state._u.numpy(), iterated / np.linalg.norm(iterated), rtol=1e-6)


def test_acts_on_the_player_of_its_param():
    assert regularisers.family.create("spectral_norm", {}).player == "D"
    assert regularisers.family.create("spectral_norm", {"player": "G"}).player == "G"


def test_a_player_without_layers_is_refused_in_words():
    with pytest.raises(NothingToNormalise, match="no linear or convolutional layer in D"):
        regularisers.family.create("spectral_norm", {}).build(nn.ReLU())
