import numpy as np
import pytest
import torch
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.networks._parts import VerdictLayers
from worker.regularisers._appending import NowhereToAppend
from worker.regularisers.minibatch_discrimination import Closeness
from worker.training.game import build
from worker.training.step import train_step


def by_hand(features, projection):
    """o_b(x_i) = Σ_{j≠i} exp(-‖M_ib - M_jb‖₁), sample by sample and kernel by kernel."""
    n, (_, kernels, _) = len(features), projection.shape
    m = np.tensordot(features, projection, axes=1)
    out = np.zeros((n, kernels))
    for i in range(n):
        for b in range(kernels):
            out[i, b] = sum(np.exp(-np.abs(m[i, b] - m[j, b]).sum()) for j in range(n) if j != i)
    return out


def test_closeness_is_that_of_the_paper():
    layer = Closeness(4, kernels=3, dims=2, std=0.5).double()
    features = torch.randn(6, 4, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = by_hand(features.numpy(), layer.projection.detach().numpy())
    np.testing.assert_allclose(layer(features).detach().numpy(), expected, rtol=1e-12)


def test_a_batch_of_copies_is_as_close_as_can_be_and_one_alone_has_nobody_near():
    layer = Closeness(4, kernels=3, dims=2, std=0.5)
    assert_close(layer(torch.ones(5, 4)), torch.full((5, 3), 4.0), rtol=0, atol=0)
    assert_close(layer(torch.ones(1, 4)), torch.zeros(1, 3), rtol=0, atol=0)


def test_second_derivatives_exist():
    layer = Closeness(3, kernels=2, dims=2, std=0.5).double()
    features = torch.randn(4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(layer, (features,))
    assert torch.autograd.gradgradcheck(layer, (features,))


def test_the_projection_starts_with_the_asked_spread():
    torch.manual_seed(0)
    projection = Closeness(100, kernels=100, dims=5, std=0.05).projection
    assert projection.shape == (100, 100, 5)
    assert abs(projection.std().item() / 0.05 - 1) < 5 / (2 * 50_000) ** 0.5  # five standard errors


class Ending(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.verdict = VerdictLayers(7, None)


def test_it_is_appended_to_ds_features_and_learnt():
    player = Ending()
    regularisers.family.create("minibatch_discrimination", {"kernels": 4, "dims": 2}).build(player)
    verdict = player.verdict(torch.randn(5, 7))
    assert verdict.features.shape == (5, 11)
    assert player.verdict.logit.in_features == 11
    verdict.logits.sum().backward()
    assert player.verdict.appended[0].projection.grad.abs().sum() > 0


def test_a_player_without_features_is_refused_in_words():
    with pytest.raises(NowhereToAppend, match="minibatch_discrimination appends to D's features, but Linear has none"):
        regularisers.family.create("minibatch_discrimination", {}).build(torch.nn.Linear(2, 1))


def test_it_trains_in_a_run_beside_all_that_looks_at_layers_and_slopes(tmp_path):
    """Spectral norm before it in the spec still reaches the logit that is made anew."""
    spec = {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp", "generator_width": 8, "discriminator_width": 8},
        "loss": {"name": "nonsaturating"},
        "regularisers": [{"name": "spectral_norm"}, {"name": "minibatch_discrimination"}, {"name": "r1"}],
        "monitors": [],
        "batch": 8,
    }
    game = build(RunSpec.model_validate(spec), tmp_path)
    assert "verdict.logit.parametrizations.weight.original" in dict(game.D.named_parameters())
    before = game.D.verdict.appended[0].projection.detach().clone()
    for step in range(1, 4):
        report = train_step(game, step)
    assert all(torch.as_tensor(value).isfinite() for value in report.values())
    assert not torch.equal(game.D.verdict.appended[0].projection, before)
