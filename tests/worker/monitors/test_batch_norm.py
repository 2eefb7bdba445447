import math

import numpy as np
import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import ToyView, toy_run
from worker import monitors
from worker.monitors.batch_norm import drift


def batch(n=200, seed=0):
    return torch.randn(n, 3, 5, generator=torch.Generator().manual_seed(seed)) * 2 + 1


class Alone(nn.Module):
    """Batch normalisation of what it is given, and nothing else."""

    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x, labels=None):
        return self.dropout(self.norm(x))


def numbers(player, x):
    return {name: float(value) for name, value in drift(player, x, None).items()}


def test_drift_is_what_numpy_finds():
    player, x = Alone(), batch()
    player.norm.running_mean.copy_(torch.tensor([1.0, 0.0, -1.0]))
    player.norm.running_var.copy_(torch.tensor([4.0, 1.0, 9.0]))
    flat = x.double().numpy().transpose(1, 0, 2).reshape(3, -1)
    running_mean, spread = np.array([1.0, 0, -1]), np.array([4.0, 1, 9]) + player.norm.eps
    halves = [x[part].double().numpy().transpose(1, 0, 2).reshape(3, -1) for part in (slice(100), slice(100, 200))]
    eps = player.norm.eps
    expected = {
        "mean": np.sqrt(np.mean((flat.mean(1) - running_mean) ** 2 / spread)),
        "variance": np.sqrt(np.mean(np.log((flat.var(1, ddof=1) + eps) / spread) ** 2)),
        "mean_noise": np.sqrt(np.mean((halves[0].mean(1) - halves[1].mean(1)) ** 2 / 4 / spread)),
        "variance_noise": np.sqrt(
            np.mean((np.log(halves[0].var(1, ddof=1) + eps) - np.log(halves[1].var(1, ddof=1) + eps)) ** 2 / 4)
        ),
    }
    assert numbers(player, x) == {name: pytest.approx(value, rel=1e-6) for name, value in expected.items()}


def test_statistics_of_that_very_batch_have_no_drift():
    """After one pass with momentum 1 the running statistics are the batch's own; torch keeps the unbiased variance."""
    player, x = Alone(), batch()
    player.norm.momentum = 1.0
    player.train()(x)
    found = numbers(player, x)
    assert found["mean"] == pytest.approx(0, abs=1e-6)
    assert found["variance"] == pytest.approx(0, abs=1e-6)


def test_noise_is_the_drift_of_statistics_that_are_true():
    """Mean over many batches of the squares: the halves' difference foretells what a finite batch makes of no drift."""
    player = Alone()
    player.norm.running_mean.fill_(1.0)
    player.norm.running_var.fill_(4.0)
    looks = [numbers(player, batch(32, seed)) for seed in range(200)]
    for name in ("mean", "variance"):
        drifts, noises = (np.mean([each[key] ** 2 for each in looks]) for key in (name, f"{name}_noise"))
        assert noises == pytest.approx(drifts, rel=0.2), name
    assert np.mean([each["mean"] ** 2 for each in looks]) == pytest.approx(1 / (32 * 5), rel=0.15)


def test_second_layer_sees_what_the_first_makes_of_the_batch_as_in_training():
    """Behind a layer that normalises by the batch, the batch's mean is 0 and its variance 1, whatever came in."""
    first, second = nn.BatchNorm1d(3), nn.BatchNorm1d(3)
    both = nn.Sequential(first, second)
    both.forward = lambda x, labels: second(first(x))
    found = numbers(both, 100 * batch())
    alone = Alone()
    of_first = numbers(alone, 100 * batch())
    assert found["mean"] == pytest.approx(of_first["mean"] / math.sqrt(2), rel=1e-6)


def test_buffers_and_hooks_are_as_before():
    player, x = Alone(), batch()
    before = {name: buffer.clone() for name, buffer in player.named_buffers()}
    numbers(player, x)
    assert all(torch.equal(buffer, before[name]) for name, buffer in player.named_buffers())
    assert not player.norm._forward_pre_hooks


def test_only_players_with_such_layers_are_announced_and_measured():
    run = toy_run((2,))
    run.D = nn.Linear(2, 1)
    monitor = monitors.family.create("batch_norm", {})
    names = [series.name for series in monitor.series_of(run.dataset, run.G, run.D)]
    assert names == [f"batch_norm.g.{name}" for name in ("mean", "mean_noise", "variance", "variance_noise")]
    assert list(monitor.measure(run.view()).scalars) == names
    assert not monitor.series_of(run.dataset, run.D, nn.BatchNorm1d(3, track_running_stats=False))


@pytest.mark.parametrize("conditional", [False, True])
def test_d_is_shown_real_samples_as_in_training(conditional):
    run, shown = toy_run((3, 4, 4), 2, conditional=conditional), []
    pack = 1 if conditional else 2
    D = nn.Sequential(nn.BatchNorm2d(3 * pack))
    D.forward = lambda x, labels: (shown.append((x, labels)), D[0](x))[1]
    view = ToyView(run.dataset, run.G, D, conditional=conditional, pack=pack)
    monitors.family.create("batch_norm", {"n": 20}).measure(view)
    ((x, labels),) = shown
    assert x.shape == (20 // pack, 3 * pack, 4, 4)
    assert (labels is not None) == conditional
    if conditional:
        assert torch.equal(labels, (x.flatten(1)[:, :2] > 0).long())
