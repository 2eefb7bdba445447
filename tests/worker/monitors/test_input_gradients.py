import math

import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import Z_DIM, ToyView, toy_run
from worker import monitors
from worker.verdict import Verdict


class Critic(nn.Module):
    """A D given as a function of samples and labels."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def forward(self, x, labels=None):
        return Verdict(logits=self.function(x, labels))


def look(run, D=None, *, pack=1, **params):
    view = ToyView(run.dataset, run.G, D or run.D, conditional=run.conditional, pack=pack)
    monitor = monitors.family.create("input_gradients", params)
    return {name: float(value) for name, value in monitor.measure(view).scalars.items()}


@pytest.mark.parametrize("shape", [(2,), (3, 4, 4)])
def test_linear_critic_is_as_steep_everywhere_as_its_weight_is_long(shape):
    w = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    scalars = look(toy_run(shape), Critic(lambda x, labels: (x * w).flatten(1).sum(1) + 3))
    for place in ("real", "fake", "between"):
        assert scalars[f"input_gradient.mean.{place}"] == pytest.approx(float(w.norm()), rel=1e-6)
        assert scalars[f"input_gradient.max.{place}"] == pytest.approx(float(w.norm()), rel=1e-6)
        assert scalars[f"input_gradient.mean.{place}.error"] == pytest.approx(0, abs=1e-7)


def test_bowl_is_as_steep_as_its_samples_are_long():
    """D(x) = ‖x‖²/2 has ∇D = x: the statistics are those of the lengths of what D was shown."""
    shown = []
    run = toy_run((3, 4, 4))
    scalars = look(
        run, Critic(lambda x, labels: (shown.append(x.detach()), x.flatten(1).square().sum(1) / 2)[1]), n=100
    )
    assert [len(x) for x in shown] == [100, 100, 100]
    for place, x in zip(("real", "fake", "between"), shown, strict=True):
        lengths = x.flatten(1).double().norm(dim=1)
        assert scalars[f"input_gradient.mean.{place}"] == pytest.approx(lengths.mean().item(), rel=1e-6)
        assert scalars[f"input_gradient.max.{place}"] == pytest.approx(lengths.max().item(), rel=1e-6)
        stderr = (lengths.square().mean() - lengths.mean().square()).sqrt() / math.sqrt(99)
        assert scalars[f"input_gradient.mean.{place}.error"] == pytest.approx(stderr.item(), rel=1e-5)
    real, fake, between = shown
    share = (between - fake) / (real - fake)
    assert torch.allclose(share, share[:, :1, :1, :1].expand_as(share), atol=1e-3), "one share a sample"
    assert 0 <= share.mean() <= 1
    assert share[:, 0, 0, 0].std() > 0.2


def test_real_samples_are_of_the_data_and_fakes_of_the_g_that_trains():
    run = toy_run((2,))
    shown = []
    look(run, Critic(lambda x, labels: (shown.append(x.detach()), x.sum(1))[1]), n=64)
    data = {tuple(row) for row in run.dataset.samples.tolist()}
    assert {tuple(row) for row in shown[0].tolist()} <= data
    view = run.view()
    view.dataset.sample(64, view.fixed)
    assert torch.equal(shown[1], run.G.eval()(torch.randn(64, Z_DIM, generator=view.fixed)))


def test_conditional_d_gets_labels_with_every_sample():
    run = toy_run((3, 4, 4), 2, conditional=True)
    given = []
    look(run, Critic(lambda x, labels: (given.append((x.detach(), labels)), x.flatten(1).sum(1))[1]), n=40)
    for place, (x, labels) in zip(("real", "fake", "between"), given, strict=True):
        assert labels.shape == (40, 2), place
        if place == "real":
            assert torch.equal(labels, (x.flatten(1)[:, :2] > 0).long()), "a real sample's own"
    assert torch.equal(given[0][1], given[2][1]), "between, the real sample's"
    assert not torch.equal(given[0][1], given[1][1])


def test_with_packing_the_gradient_is_that_of_a_pack_of_different_samples():
    """D(pack) = w·pack over all m of them: √m times as steep as on one."""
    packs = []
    run = toy_run((2,))
    w = torch.tensor([3.0, 4.0]).repeat(4)
    scalars = look(run, Critic(lambda x, labels: (packs.append(x.detach()), x @ w)[1]), pack=4, n=66)
    assert scalars["input_gradient.mean.real"] == pytest.approx(5 * 2, rel=1e-6)
    assert packs[0].shape == (16, 8)
    assert not torch.equal(packs[0][:, :2], packs[0][:, 2:4])


def test_batch_normalisation_works_by_its_running_statistics_and_is_put_back():
    """D(x) = BN(x) summed: in eval mode the slope is √Σ 1/(V + ε); in training mode it would be 0."""
    norm = nn.BatchNorm1d(2)
    norm.running_var.copy_(torch.tensor([0.25, 4.0]))
    D = Critic(lambda x, labels: norm(x).sum(1))
    D.norm = norm
    before = norm.running_mean.clone()
    scalars = look(toy_run((2,)), D.train())
    assert scalars["input_gradient.mean.real"] == pytest.approx(math.sqrt(4 + 0.25), rel=1e-4)
    assert torch.equal(norm.running_mean, before)


def test_no_gradient_is_left_anywhere():
    run = toy_run((2,))
    look(run)
    assert all(parameter.grad is None for player in (run.G, run.D) for parameter in player.parameters())


def test_slope_that_is_no_number_shows():
    scalars = look(toy_run((2,)), Critic(lambda x, labels: (x.sum(1) - x.sum(1)[0].detach()).sqrt()))
    assert math.isnan(scalars["input_gradient.mean.real"])
    assert math.isnan(scalars["input_gradient.max.real"])
