import math

import pytest
import torch

from worker import datasets
from worker.datasets import Judge, Judgement
from worker.datasets.digits import Digits
from worker.datasets.stacked_digits import StackedJudge, _drawn
from worker.monitors.modes import summary
from worker.registry import InvalidParams


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def digits(cache):
    """The shipped digits of 16 pixels; their judge is fitted as long as always (15 s), for its accuracy is stated."""
    digits = Digits(Digits.Params(size=16), "digits")
    digits.prepare(cache)
    return digits


@pytest.fixture(scope="module")
def stacked(digits, cache):
    def prepared(**params):
        stacked = datasets.family.create("stacked_digits", {"n": 26_000, **params})
        stacked.prepare(cache)
        return stacked

    return prepared


class Says(Judge):
    """A judge of digits that reads the digit from the first pixel, and is sure when the second one is positive."""

    accuracy = {"digit": 0.75}

    def __call__(self, samples):
        assert torch.equal(samples[:, 0], samples[:, 1])
        assert torch.equal(samples[:, 0], samples[:, 2])
        digit = samples[:, 0, 0, 0].long()
        return Judgement(mode=digit, good=samples[:, 0, 0, 1] > 0, labels=digit[:, None])


def test_each_channel_is_a_digit_of_its_label(stacked, digits):
    labels_of = {}
    for picture, label in zip(digits.samples[:, 0], digits.labels[:, 0].tolist(), strict=True):
        labels_of.setdefault(picture.numpy().tobytes(), set()).add(label)
    set_of = stacked()
    assert set_of.samples.shape == (26_000, 3, 16, 16)
    for i in (*range(40), 703, 999, 25_703):
        for channel in range(3):
            shown = labels_of[set_of.samples[i, channel].numpy().tobytes()]
            assert shown == {int(f"{i % 1000:03}"[channel])}
            assert {set_of.labels[i, channel].item()} == shown


def test_every_mode_has_as_many_stacks(stacked):
    labels = stacked().labels
    assert torch.bincount(labels @ torch.tensor([100, 10, 1])).tolist() == [26] * 1000


def test_every_picture_of_a_digit_is_as_likely_as_the_next_whatever_the_order_and_number():
    digit = torch.tensor([3, 0, 3, 1, 3, 0])
    wanted = torch.tensor([0, 1, 3]).expand(9000, 3)
    drawn = _drawn(digit, wanted)
    assert torch.equal(digit[drawn], wanted)
    counts = torch.bincount(drawn.flatten(), minlength=6).tolist()
    assert counts[3] == 9000
    for expected, places in ((4500, (1, 5)), (3000, (0, 2, 4))):
        standard_error = math.sqrt(expected * (1 - expected / 9000))
        assert all(abs(counts[place] - expected) < 4 * standard_error for place in places)


def test_judge_reads_each_channel_by_itself_and_needs_to_be_sure_of_all():
    samples = torch.full((4, 3, 16, 16), 1.0)
    for i, digits in enumerate(((7, 0, 3), (0, 0, 9), (1, 2, 3), (9, 9, 9))):
        samples[i, :, 0, 0] = torch.tensor(digits, dtype=torch.float32)
    samples[2, 1, 0, 1] = -1.0
    judge = StackedJudge(Says())
    judgement = judge(samples)
    assert judgement.mode.tolist() == [703, 9, 123, 999]
    assert [judge.mode_names[mode] for mode in judgement.mode.tolist()] == ["703", "009", "123", "999"]
    assert judgement.labels.tolist() == [[7, 0, 3], [0, 0, 9], [1, 2, 3], [9, 9, 9]]
    assert judgement.good.tolist() == [True, True, False, True]
    assert judge.accuracy == {"red": 0.75, "green": 0.75, "blue": 0.75}


def test_judge_is_as_right_as_its_docstring_says(stacked, digits):
    """98.2 % of 500 held-out digits; of stacks, most of whose digits it was fitted on, more than p³."""
    assert digits.judge.accuracy["digit"] == pytest.approx(0.982, abs=4 * math.sqrt(0.982 * 0.018 / 500))
    stacks = stacked()
    judgement = stacks.judge(stacks.samples[:3000])
    is_right = (judgement.labels == stacks.labels[:3000]).all(1)
    assert is_right.double().mean() > 0.95
    assert judgement.good.double().mean() == pytest.approx(0.84, abs=0.05)
    assert (judgement.good & ~is_right).double().mean() < 0.005


def test_judge_of_a_stack_says_what_the_judge_of_digits_says_of_each(stacked, digits):
    stacks = stacked()
    judgement = stacks.judge(stacks.samples[:50])
    for channel in range(3):
        of_channel = digits.judge(stacks.samples[:50, channel : channel + 1].repeat(1, 3, 1, 1))
        assert torch.equal(judgement.labels[:, channel], of_channel.mode)


def test_perfect_sampler_has_the_floor_of_published_tables(stacked):
    """0.0197 nats at 26,000 samples, all modes seen, is the mean of 20 draws of an even sampler.

    The closed form of its mean is (K-1)/2n + (K²-1)/12n² = 0.01933 (Miller & Madow, second order); one draw has a
    standard deviation of √(2(K-1))/2n = 0.00086, the mean of 20 has 0.00019.
    """
    stacks = stacked()
    found = []
    for seed in range(20):
        labels = stacks.sample(26_000, torch.Generator().manual_seed(seed))[1]
        mode = labels @ torch.tensor([100, 10, 1])
        seen = summary(Judgement(mode, torch.ones(26_000, dtype=torch.bool), labels), 1000)
        assert seen["modes.captured"] == 1000
        found.append(seen["modes.reverse_kl"])
    mean = sum(found) / 20
    assert mean == pytest.approx(0.0197, abs=4 * math.sqrt(2) * 0.00019)
    assert mean == pytest.approx(0.01933, abs=4 * 0.00019)


def test_nothing_is_kept_but_the_digits(stacked, digits, cache, monkeypatch):
    def kept_files():
        return {file: file.stat().st_mtime_ns for file in cache.iterdir() if file.suffix != ".lock"}

    before = kept_files()
    monkeypatch.setattr("worker.datasets._pictures.fit_to_bytes", None)
    assert stacked(n=1000).kept == digits.kept
    assert kept_files() == before


def test_a_stack_or_all_with_a_digit_in_one_colour_can_be_dropped(stacked):
    labels = stacked(n=2000, drop=["703", "green=4"]).labels
    assert len(labels) == 2000 - 2 - 200
    assert not (labels[:, 1] == 4).any()
    assert not (labels == torch.tensor([7, 0, 3])).all(1).any()
    with pytest.raises(InvalidParams, match="say which: red=7, green=7, blue=7"):
        stacked(n=2000, drop=["7"])


def test_labels_go_with_their_stacks_when_some_are_left_out(stacked):
    full, shaped = stacked(n=5000), stacked(n=5000, imbalance=5)
    place = {stack.numpy().tobytes(): i for i, stack in enumerate(full.samples)}
    chosen = torch.tensor([place[stack.numpy().tobytes()] for stack in shaped.samples])
    assert torch.equal(full.labels[chosen], shaped.labels)
    counts = torch.bincount(shaped.labels @ torch.tensor([100, 10, 1]), minlength=1000)
    assert counts[[0, 500, 999]].tolist() == [5, 2, 1]


@pytest.mark.parametrize("params", [{"n": 999}, {"n": 128_001}, {"size": 28}])
def test_params_out_of_bounds_are_refused(params):
    with pytest.raises(InvalidParams, match=next(iter(params))):
        datasets.family.create("stacked_digits", params)
