import itertools
import math

import pytest
import torch
from torch import nn

from worker.datasets import _judge
from worker.datasets._judge import ClassifierJudge, fit_to_bytes, from_bytes

ATTRIBUTES = {"hair": ["black", "red", "blue"], "eyes": ["green", "grey"]}


class Says(nn.Module):
    """Answers with the logits that the sample itself holds: three of hair, two of eyes."""

    def forward(self, x):
        return {"hair": x[:, :3], "eyes": x[:, 3:]}


def judge():
    return ClassifierJudge(Says(), ATTRIBUTES, {}, 1)


def by_hand(row):
    """Softmax in plain Python: class of each attribute, and whether both are sure."""
    classes, sure = [], []
    for logits in (row[:3], row[3:]):
        largest = max(logits)
        classes.append(logits.index(largest))
        sure.append(1 / sum(math.exp(logit - largest) for logit in logits) >= 0.9)
    return classes, all(sure)


def test_agrees_with_brute_force():
    samples = 3 * torch.randn(2500, 5, generator=torch.Generator().manual_seed(0))
    judgement = judge()(samples)
    expected = [by_hand(row) for row in samples.tolist()]
    modes = list(itertools.product(range(3), range(2)))
    assert judgement.labels.tolist() == [classes for classes, _ in expected]
    assert judgement.mode.tolist() == [modes.index(tuple(classes)) for classes, _ in expected]
    assert judgement.good.tolist() == [good for _, good in expected]
    assert 250 < judgement.good.sum() < 2250


def test_modes_are_named_in_their_order():
    names = ["black / green", "black / grey", "red / green", "red / grey", "blue / green", "blue / grey"]
    assert judge().mode_names == names


def test_what_is_no_number_is_not_good():
    judgement = judge()(torch.full((1, 5), math.nan))
    assert judgement.good.tolist() == [False]
    assert 0 <= judgement.mode.item() < 6


def test_real_faces_are_good_and_what_is_none_is_not(faces):
    generator = torch.Generator().manual_seed(0)
    real = faces.samples[:300]
    noise = 2 * torch.rand(300, 3, 16, 16, generator=generator) - 1
    shuffled = real.flatten(2)[:, :, torch.randperm(256, generator=generator)].view_as(real)
    blends = (real + real.roll(7, dims=0)) / 2
    shares = [faces.judge(samples).good.double().mean().item() for samples in (real, noise, shuffled, blends)]
    assert shares[0] > 0.75
    assert max(shares[1:]) < 0.15


def test_it_comes_back_from_its_file(faces, hasty):
    content = fit_to_bytes(faces.samples[:64], faces.labels[:64], faces.attributes)
    back, again = (from_bytes(content, 16, faces.attributes) for _ in range(2))
    assert back.n_held_out == 6
    assert set(back.accuracy) == {"hair", "eyes"}
    assert torch.equal(back(faces.samples).mode, again(faces.samples).mode)


def test_another_recipes_file_is_not_taken(faces, hasty, monkeypatch):
    content = fit_to_bytes(faces.samples[:64], faces.labels[:64], faces.attributes)
    monkeypatch.setattr(_judge, "RECIPE", _judge.RECIPE + 1)
    assert from_bytes(content, 16, faces.attributes) is None


@pytest.mark.parametrize("chunk", [7, 1000])
def test_samples_are_judged_each_by_itself(faces, monkeypatch, chunk):
    whole = faces.judge(faces.samples[:60])
    monkeypatch.setattr(_judge, "CHUNK", chunk)
    again = faces.judge(faces.samples[:60])
    assert torch.equal(whole.labels, again.labels)
    assert torch.equal(whole.good, again.good)


def test_judging_takes_no_gradients_and_no_randomness(faces):
    class Watched(Says):
        def forward(self, x):
            assert not torch.is_grad_enabled()
            return super().forward(x)

    ClassifierJudge(Watched(), ATTRIBUTES, {}, 1)(torch.zeros(3, 5))
    state = torch.get_rng_state()
    faces.judge(faces.samples[:4])
    assert torch.equal(torch.get_rng_state(), state)
