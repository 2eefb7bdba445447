import pytest
import torch
from torch import nn

from worker.conditioning._heads import ClassHeads
from worker.networks._parts import LabelledLatents, Maxout, VerdictLayers, initialise
from worker.verdict import LabelAnswer


def test_labels_become_one_hot_columns_behind_the_latent():
    latents = LabelledLatents(2, {"hair": 3, "eyes": 2})
    z = torch.tensor([[0.5, -0.5], [1.0, 2.0]])
    out = latents(z, torch.tensor([[2, 0], [0, 1]]))
    assert out.tolist() == [[0.5, -0.5, 0, 0, 1, 1, 0], [1.0, 2.0, 1, 0, 0, 0, 1]]
    assert latents.width == 7


def test_without_classes_labels_are_not_looked_at():
    z = torch.ones(2, 3)
    assert LabelledLatents(3, {})(z, torch.tensor([[9], [9]])) is z


def test_labelled_latents_work_under_vmap():
    latents = LabelledLatents(2, {"hair": 3})
    z, labels = torch.ones(4, 2), torch.tensor([[0], [1], [2], [0]])
    one_by_one = torch.func.vmap(lambda a, b: latents(a[None], b[None])[0])(z, labels)
    assert torch.equal(one_by_one, latents(z, labels))


def test_features_are_the_input_of_the_last_linear_layers():
    layers = VerdictLayers(4, lambda n: ClassHeads(n, {"hair": 3}))
    features = torch.randn(5, 4)
    verdict = layers(features)
    assert verdict.features is features
    torch.testing.assert_close(verdict.logits, features @ layers.logit.weight[0] + layers.logit.bias)
    head = layers.label_head.layers[0]
    torch.testing.assert_close(verdict.auxiliary["hair"], features @ head.weight.T + head.bias)


def test_a_layer_that_is_put_before_them_appends_features():
    layers = VerdictLayers(4, lambda n: ClassHeads(n, {"hair": 3}))
    layers.append(nn.Linear(4, 2), 2)
    features = torch.randn(5, 4)
    verdict = layers(features)
    expected = torch.cat([features, layers.appended[0](features)], dim=1)
    assert torch.equal(verdict.features, expected)
    torch.testing.assert_close(verdict.logits, expected @ layers.logit.weight[0] + layers.logit.bias)
    assert verdict.auxiliary["hair"].shape == (5, 3)


class Shifting(nn.Module):
    """A head that adds the sample's label to its logit."""

    def forward(self, features, labels=None):
        return LabelAnswer(logit_shift=labels[:, 0].float(), private={"own": features})


def test_a_head_may_shift_the_logit_and_say_more():
    layers = VerdictLayers(4, lambda n: Shifting())
    features = torch.randn(3, 4)
    verdict = layers(features, torch.tensor([[0], [1], [5]]))
    shift = verdict.logits - layers.logit(features)[:, 0]
    torch.testing.assert_close(shift, torch.tensor([0.0, 1.0, 5.0]))
    assert verdict.private["own"] is features


def test_maxout_takes_the_largest_of_its_linear_maps():
    maxout = Maxout(1, 2, pieces=3)
    with torch.no_grad():
        maxout.linear.weight.copy_(torch.tensor([[1.0], [-1.0], [0.0], [2.0], [0.5], [0.0]]))
        maxout.linear.bias.copy_(torch.tensor([0.0, 0.0, 0.5, 0.0, 0.0, -9.0]))
    # First output: max(x, -x, ½); second: max(2x, x/2, -9).
    assert maxout(torch.tensor([[0.25], [-2.0], [3.0]])).tolist() == [[0.5, 0.5], [2.0, -1.0], [3.0, 6.0]]


@pytest.mark.parametrize("layer", [nn.Linear(200, 200), nn.Conv2d(50, 50, 4), nn.ConvTranspose2d(50, 50, 4)])
def test_initial_weights_have_the_asked_spread_and_no_bias(layer):
    initialise(layer, 0.02)
    n = layer.weight.numel()
    assert abs(layer.weight.std().item() / 0.02 - 1) < 5 / (2 * n) ** 0.5  # five standard errors
    assert layer.bias.abs().max() == 0


def test_without_a_spread_torchs_own_start_is_kept():
    layer = nn.Linear(3, 3)
    before = layer.weight.clone()
    assert initialise(layer, None) is layer
    assert torch.equal(layer.weight, before)
