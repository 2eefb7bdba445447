import math

import pytest
import torch
from torch import nn

from tests.worker.monitors.toys import Sampler, toy_run
from worker import datasets, monitors
from worker.datasets import Judgement
from worker.monitors.modes import summary


@pytest.fixture(scope="module")
def ring(tmp_path_factory):
    ring = datasets.family.create("ring", {"n": 100})
    ring.prepare(tmp_path_factory.mktemp("unused"))
    return ring


def look(dataset, G, step=1, **params):
    run = toy_run((2,))
    run.dataset, run.G = dataset, G
    return monitors.family.create("modes", params).measure(run.view(step)).scalars


def test_known_samples_give_the_known_numbers(ring):
    """Of five samples: three at mode 0, one at mode 2, one in the middle of nowhere."""
    G = Sampler(torch.tensor([[1.0, 0.0], [1.0, 0.0], [1.0, 0.02], [0.0, 1.0], [0.0, 0.0]]))
    scalars = look(ring, G)
    assert scalars["modes.captured"] == 2
    assert scalars["modes.high_quality"] == 0.8
    expected = 0.75 * math.log(8 * 0.75) + 0.25 * math.log(8 * 0.25)
    assert scalars["modes.reverse_kl"] == pytest.approx(expected, rel=1e-12)


def test_one_good_sample_captures_a_mode_and_a_bad_one_does_not(ring):
    places = [[1.0, 0.0]] * 2498 + [[-1.0, 0.0], [0.0, 1.05]]
    assert look(ring, Sampler(torch.tensor(places)))["modes.captured"] == 2


def test_even_samples_have_no_divergence_and_one_mode_has_all_of_it(ring):
    even = look(ring, Sampler(ring.centres().float()), points=800)
    assert even["modes.captured"] == 8
    assert even["modes.reverse_kl"] == pytest.approx(0, abs=1e-15)
    assert look(ring, Sampler(torch.tensor([[1.0, 0.0]])))["modes.reverse_kl"] == pytest.approx(math.log(8), rel=1e-12)


def test_without_a_good_sample_nothing_is_captured_and_there_is_no_divergence(ring):
    scalars = look(ring, Sampler(torch.tensor([[0.0, 0.0], [math.nan, 1.0]])))
    assert scalars["modes.captured"] == 0
    assert scalars["modes.high_quality"] == 0
    assert math.isnan(scalars["modes.reverse_kl"])


def test_perfect_sampler_has_the_ceiling_and_the_floor_that_the_docs_state(ring):
    """1 - exp(-9/2) of high quality, and a mean reverse KL of (K-1)/2n over many looks."""

    class Perfect(nn.Module):
        def forward(self, z, labels=None):
            generator = torch.Generator().manual_seed(int(1e6 * z[0, 0].abs()))
            mode = torch.randint(8, (len(z),), generator=generator)
            return (ring.centres()[mode] + 0.01 * torch.randn(len(z), 2, generator=generator)).float()

    looks = [look(ring, Perfect(), step, points=500) for step in range(40)]
    ceiling, floor = 1 - math.exp(-4.5), 7 / (2 * 500 * 0.989)
    shares = sum(scalars["modes.high_quality"] for scalars in looks) / 40
    divergence = sum(scalars["modes.reverse_kl"] for scalars in looks) / 40
    assert abs(shares - ceiling) < 4 * math.sqrt(ceiling * (1 - ceiling) / 20_000)
    assert abs(divergence - floor) < 4 * floor * math.sqrt(2 / 7 / 40), "2n KL is chi-squared with 7 degrees"


@pytest.mark.parametrize(("shape", "n"), [((2,), 31), ((3, 4, 4), 17)])
def test_number_of_samples_goes_by_what_they_are(shape, n):
    run, seen = toy_run(shape), []
    judge = run.dataset.judge
    run.dataset.judge = lambda samples: seen.append(len(samples)) or judge(samples)
    run.dataset.judge.mode_names = judge.mode_names
    monitors.family.create("modes", {"points": 31, "pictures": 17}).measure(run.view())
    assert seen == [n]


def test_samples_are_fresh_at_every_look():
    run = toy_run((2,))
    torch.nn.init.normal_(run.G.layers[-2].weight, generator=torch.Generator().manual_seed(0))
    shares = [
        monitors.family.create("modes", {"points": 200}).measure(run.view(step)).scalars["modes.high_quality"]
        for step in (1, 2, 1)
    ]
    assert shares[0] == shares[2] != shares[1]


def test_mode_without_a_sample_counts_as_none():
    judgement = Judgement(torch.tensor([0, 0, 1]), torch.tensor([True, True, False]), torch.empty(3, 0))
    assert summary(judgement, 60)["modes.captured"] == 1
    assert summary(judgement, 60)["modes.reverse_kl"] == pytest.approx(math.log(60))


def test_dataset_without_a_judge_is_said():
    with pytest.raises(ValueError, match=r"has no judge.*ring, grid"):
        monitors.family.create("modes", {}).measure(toy_run((2,), judged=False).view())
