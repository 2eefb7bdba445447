import math

import numpy as np
import pytest
import scipy.stats
import torch

from tests.worker.monitors.toys import Sampler, toy_run
from worker import monitors
from worker.monitors.ndb import summary


def counts(*values):
    return torch.tensor(values)


def test_hand_computed_bins():
    """100 and 100 in bins of 50/50, 30/30, 20/20, then with 15 moved from the first to the last."""
    same = summary(counts(50, 30, 20), counts(50, 30, 20))
    assert same == {"share": 0, "js": pytest.approx(0, abs=1e-15), "js.error": 0}
    found = summary(counts(50, 30, 20), counts(35, 30, 35))
    # z of the first: 0.15 / √(0.425·0.575·0.02) = 2.15; of the last: 0.15 / √(0.275·0.725·0.02) = 2.38
    assert found["share"] == pytest.approx(2 / 3)


def test_significance_is_that_of_the_two_proportion_test():
    """A bin is different exactly where SciPy's chi-squared test of the 2×2 table, without its correction, says so."""
    real = counts(60, 140)
    for moved in range(0, 40, 1):
        generated = counts(60 + moved, 140 - moved)
        table = np.array([[60, 140], [60 + moved, 140 - moved]])
        p = scipy.stats.chi2_contingency(table, correction=False).pvalue
        assert summary(real, generated)["share"] == (1.0 if p < 0.05 else 0.0), moved


def test_divergence_is_that_of_scipy_and_goes_from_nothing_to_ln_2():
    rng = np.random.default_rng(0)
    real, generated = rng.integers(0, 30, 20), rng.integers(0, 30, 20)
    generated[:3], real[3:5] = 0, 0
    found = summary(torch.from_numpy(real), torch.from_numpy(generated))["js"]
    expected = scipy.spatial.distance.jensenshannon(real / real.sum(), generated / generated.sum()) ** 2
    assert found == pytest.approx(expected, rel=1e-12)
    assert summary(counts(5, 0), counts(0, 9))["js"] == pytest.approx(math.log(2), rel=1e-12)


def test_bins_without_any_sample_are_not_different():
    assert summary(counts(10, 0, 10), counts(10, 0, 10))["share"] == 0


def test_perfect_sampler_has_the_floors_that_the_docs_state_and_the_error_that_repetition_gives():
    """5 % of bins by chance, a divergence of (K-1)/4n; and the spread of another law's divergence."""
    rng, n, k = np.random.default_rng(0), 2000, 50
    law = np.full(k, 1 / k)
    pairs = [summary(*(torch.from_numpy(rng.multinomial(n, law)) for _ in range(2))) for _ in range(200)]
    assert np.mean([pair["share"] for pair in pairs]) == pytest.approx(0.05, abs=0.008)
    assert np.mean([pair["js"] for pair in pairs]) == pytest.approx((k - 1) / 4 / n, rel=0.06)

    real = torch.from_numpy(rng.multinomial(n, law))
    skewed = np.linspace(1, 3, k) / np.linspace(1, 3, k).sum()
    looks = [summary(real, torch.from_numpy(rng.multinomial(n, skewed))) for _ in range(200)]
    spread = np.std([look["js"] for look in looks], ddof=1)
    assert np.mean([look["js.error"] for look in looks]) == pytest.approx(spread, rel=0.2)


def blobs_run(n=400):
    """Four blobs, a hundred points each, in turn."""
    run = toy_run((2,))
    places = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]]).repeat(n // 4, 1)
    run.dataset.samples = places + 0.1 * torch.randn(n, 2, generator=torch.Generator().manual_seed(0))
    run.dataset.labels = torch.empty(n, 0, dtype=torch.int64)
    return run


def look(run, step=1, **params):
    return monitors.family.create("ndb", params).measure(run.view(step)).scalars


def test_lost_blobs_are_different_bins():
    run = blobs_run()
    run.G = Sampler(torch.tensor([[0.0, 0.0], [10.0, 0.0]]))
    scalars = look(run, bins=4, n=200)
    # shares ¼ ¼ ¼ ¼ and ½ ½ 0 0: ½ (½ ln ⅔ + ½ ln 2) + ½ ln 4/3
    assert scalars["ndb.share"] == 1
    assert scalars["ndb.js"] == pytest.approx(0.75 * math.log(4 / 3), abs=0.03)
    assert scalars["ndb.share.real"] == 0
    assert scalars["ndb.js.real"] < 0.02


def test_no_more_bins_than_a_tenth_of_the_samples_and_the_series_say_how_many():
    monitor = monitors.family.create("ndb", {})
    units = {series.unit for series in monitor.series_of(blobs_run().dataset, None, None)}
    assert units == {"share of 20 bins", "nats"}


def test_sample_that_is_not_finite_gives_nan_but_not_the_floor():
    run = blobs_run()
    run.G = Sampler(torch.tensor([[math.nan, 0.0]]))
    assert {name for name, value in look(run).items() if math.isnan(value)} == {"ndb.share", "ndb.js", "ndb.js.error"}


def test_samples_are_fresh_at_every_look_and_the_bins_are_not():
    run = blobs_run()
    torch.nn.init.normal_(run.G.layers[-2].weight, std=5, generator=torch.Generator().manual_seed(0))
    first, again, other = look(run, 1), look(run, 1), look(run, 2)
    assert first == again
    assert first["ndb.js"] != other["ndb.js"]
    assert first["ndb.js.real"] == other["ndb.js.real"]
