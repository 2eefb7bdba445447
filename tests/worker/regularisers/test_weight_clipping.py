import torch
from torch import nn
from torch.nn.utils import parametrizations

from worker import regularisers


def test_every_weight_and_bias_is_put_back_into_the_box():
    player = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    with torch.no_grad():
        player[0].weight.copy_(torch.tensor([[0.03, -0.5], [2.0, -0.02]]))
        player[0].bias.copy_(torch.tensor([1.0, -0.01]))
        player[1].weight.copy_(torch.tensor([-3.0, 0.1]))
    regularisers.family.create("weight_clipping", {"c": 0.1}).after_step(player, 1)
    near = torch.testing.assert_close
    near(player[0].weight.detach(), torch.tensor([[0.03, -0.1], [0.1, -0.02]]), rtol=0, atol=0)
    near(player[0].bias.detach(), torch.tensor([0.1, -0.01]), rtol=0, atol=0)
    near(player[1].weight.detach(), torch.tensor([-0.1, 0.1]), rtol=0, atol=0)
    near(player[1].running_var, torch.ones(2), rtol=0, atol=0)


def test_behind_spectral_norm_the_trained_weight_is_clipped():
    layer = parametrizations.spectral_norm(nn.Linear(2, 2))
    raw = layer.parametrizations.weight.original
    with torch.no_grad():
        raw.copy_(torch.tensor([[3.0, 0.0], [0.0, 0.001]]))
    regularisers.family.create("weight_clipping", {}).after_step(layer, 1)
    assert torch.equal(raw.detach(), torch.tensor([[0.01, 0.0], [0.0, 0.001]]))


def test_the_box_is_read_at_each_step_and_nan_stays():
    layer = nn.Linear(2, 1, bias=False)
    component = regularisers.family.create("weight_clipping", {})
    component.params.c = 0.5
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[float("nan"), -2.0]]))
    component.after_step(layer, 1)
    assert layer.weight[0, 0].isnan()
    assert layer.weight[0, 1] == -0.5
