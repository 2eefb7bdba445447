import itertools

import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.testing import assert_close

from worker import regularisers
from worker.layers import NoSuchLayer


def penalty_of(player, view_of, judge, **params):
    view = view_of(judge)
    return regularisers.family.create("orthogonal", params).penalty(type(view)(**{**vars(view), "player": player}))


def by_pairs(filters):
    """(w_a · w_b)² over ordered pairs of different filters, number by number."""
    rows = [row.flatten().tolist() for row in filters]
    return sum(
        sum(x * y for x, y in zip(one, other, strict=True)) ** 2 for one, other in itertools.permutations(rows, 2)
    )


def test_two_filters_pay_twice_their_squared_product(view_of, critic):
    layer = nn.Linear(2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 2.0], [3.0, 5.0]]))
    assert penalty_of(layer, view_of, critic).item() == 2 * (1 * 3 + 2 * 5) ** 2


def test_the_gradient_is_twice_that_of_the_authors_code(view_of, critic):
    layer = nn.Linear(7, 5)
    penalty_of(layer, view_of, critic).backward()
    weight = layer.weight.detach()
    theirs = 2 * ((weight @ weight.T) * (1 - torch.eye(5))) @ weight
    assert_close(layer.weight.grad, 2 * theirs, rtol=1e-4, atol=1e-6)
    assert layer.bias.grad is None


def test_all_layers_add_up_and_a_transposed_kernel_has_its_filters_in_the_second_dimension(view_of, critic):
    conv, transposed, linear = nn.Conv2d(2, 3, 3), nn.ConvTranspose2d(3, 4, 2), nn.Linear(6, 3)
    player = nn.Sequential(conv, nn.Sequential(transposed), nn.Flatten(), linear, nn.BatchNorm1d(3))
    expected = by_pairs(conv.weight) + by_pairs(transposed.weight.transpose(0, 1)) + by_pairs(linear.weight)
    assert_close(penalty_of(player, view_of, critic).item(), expected, rtol=1e-5, atol=0)


def test_filters_at_right_angles_pay_nothing_whatever_their_lengths(view_of, critic):
    layer = nn.Linear(3, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[5.0, 0.0, 0.0], [0.0, 0.3, 0.4]]))
    assert penalty_of(layer, view_of, critic).item() == 0.0


def test_behind_spectral_norm_the_trained_weight_pays_and_its_vectors_stand_still(view_of, critic):
    layer = parametrizations.spectral_norm(nn.Linear(4, 3))
    raw, vectors = layer.parametrizations.weight.original, layer.parametrizations.weight[0]._u.clone()
    assert_close(penalty_of(layer, view_of, critic).item(), by_pairs(raw), rtol=1e-5, atol=0)
    assert torch.equal(layer.parametrizations.weight[0]._u, vectors)


def test_acts_on_the_player_of_its_param():
    assert regularisers.family.create("orthogonal", {}).player == "G"
    assert regularisers.family.create("orthogonal", {"player": "D"}).player == "D"


def test_a_player_without_layers_is_refused_in_words():
    with pytest.raises(NoSuchLayer, match="no linear or convolutional layer in G"):
        regularisers.family.create("orthogonal", {}).build(nn.ReLU())
