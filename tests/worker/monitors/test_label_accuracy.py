import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import CornerJudge, toy_run
from worker import monitors


class Obeys(nn.Module):
    """Shows the first attribute always, the second only where the first is high; the judge reads signs."""

    def forward(self, z, labels):
        first, second = labels[:, 0], labels[:, 1] * labels[:, 0]
        return torch.stack([2.0 * first - 1, 2.0 * second - 1], dim=1)


@pytest.fixture
def run():
    run = toy_run((2,), 2, conditional=True)
    run.G = Obeys()
    run.dataset.labels = torch.tensor([[0, 0], [0, 1], [1, 0], [1, 1]])
    run.dataset.samples = torch.zeros(4, 2)
    return run


def look(run, step=1, **params):
    return monitors.family.create("label_accuracy", params).measure(run.view(step)).scalars


def test_share_is_that_of_samples_that_are_what_was_asked(run):
    """Asked for (low, high), a quarter of all, G gives (low, low): one of four labels is disobeyed."""
    scalars = look(run, n=250)
    view = run.view()
    view.latents(250, view.generator)
    asked = view.labels(250, view.generator)
    disobeyed = ((asked[:, 0] == 0) & (asked[:, 1] == 1)).sum().item()
    assert scalars == {"samples.first.accuracy": 1.0, "samples.second.accuracy": pytest.approx(1 - disobeyed / 250)}
    assert 40 < disobeyed < 85


def test_a_sample_of_poor_quality_counts_too(run):
    judge = CornerJudge(2)
    run.dataset.judge = judge
    run.G = lambda z, labels: 0.01 * (2.0 * labels - 1)
    run.G.eval = lambda: run.G
    assert not judge(run.G(None, torch.ones(1, 2))).good.any()
    assert look(run) == {"samples.first.accuracy": 1.0, "samples.second.accuracy": 1.0}


def test_samples_are_fresh_at_every_look(run):
    assert look(run, 1) == look(run, 1) != look(run, 2)


def test_unconditional_g_is_said():
    with pytest.raises(ValueError, match="G takes no labels"):
        look(toy_run((2,), 2))


def test_dataset_without_a_judge_is_said():
    with pytest.raises(ValueError, match="has no judge"):
        look(toy_run((2,), 2, conditional=True, judged=False))
