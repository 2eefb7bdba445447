import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.verdict import Verdict


class Heads(nn.Module):
    """Knows the first attribute by its sign; always says "high" for the second."""

    def forward(self, x, labels=None):
        first = torch.stack([-x[:, 0], x[:, 0]], dim=1)
        second = torch.tensor([0.0, 1.0]).expand(len(x), 2)
        return Verdict(logits=x[:, 0], auxiliary={"second": second, "first": first})


def look(run, step=1, **params):
    return monitors.family.create("auxiliary_accuracy", params).measure(run.view(step)).scalars


def test_share_is_that_of_real_samples_whose_label_the_head_names():
    run = toy_run((2,), 2, conditional=True)
    run.D = Heads()
    _, labels = run.dataset.sample(250, run.view().fixed)
    n_high = sum(second == 1 for _, second in labels.tolist())
    assert look(run) == {"auxiliary.first.accuracy": 1.0, "auxiliary.second.accuracy": pytest.approx(n_high / 250)}
    assert 0 < n_high < 250


def test_samples_are_the_same_at_every_look():
    run = toy_run((2,), 2, conditional=True)
    assert look(run, 1) == look(run, 2)


def test_head_that_answers_nothing_but_nan_is_not_taken_for_right():
    """argmax of NaN is the first class: the accuracy is then the first class's share, and the loss shows the NaN."""
    run = toy_run((2,), 1, conditional=True)
    run.dataset.labels[:] = 1
    nn.init.constant_(run.D.heads["first"].bias, float("nan"))
    assert look(run) == {"auxiliary.first.accuracy": 0.0}


def test_probe_has_as_many_samples_as_asked():
    run, seen = toy_run((2,), 1, conditional=True), []
    run.D.register_forward_pre_hook(lambda module, inputs: seen.append(len(inputs[0])))
    look(run, n=33)
    assert seen == [33]
