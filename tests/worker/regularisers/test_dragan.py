import math

import numpy as np
import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.verdict import Verdict

NOISES = ["gaussian", "uniform_one_sided", "uniform_two_sided"]


def places(view, critic, **params):
    """How far from its real sample D's slope was looked at, in standard deviations of the whole batch."""
    regularisers.family.create("dragan", params).penalty(view)
    ((x, labels),) = critic.seen
    assert labels is view.real_labels
    return (x.detach() - view.real).numpy() / np.std(view.real.numpy())


@pytest.mark.parametrize("noise", NOISES)
@pytest.mark.parametrize("k", [1.0, 0.0, 10.0])
def test_a_linear_critic_pays_the_squared_distance_of_its_slope_from_k(critic, view_of, noise, k):
    penalty = regularisers.family.create("dragan", {"noise": noise, "k": k}).penalty(view_of(critic))
    slope = math.sqrt(44)
    assert_close(penalty.item(), (slope - k) ** 2, rtol=1e-6, atol=0)
    penalty.backward()
    assert_close(critic.weight.grad, 2 * (slope - k) / slope * critic.weight.detach(), rtol=1e-5, atol=0)


@pytest.mark.parametrize("noise", NOISES)
def test_without_noise_a_quadratic_critic_pays_by_the_real_samples_alone(view_of, noise):
    view = view_of(lambda x, labels: Verdict(logits=x.square().flatten(1).sum(1) / 2))  # ∇D(x) = x
    penalty = regularisers.family.create("dragan", {"noise": noise, "c": 0.0}).penalty(view)
    norms = [math.sqrt(sum(value**2 for value in sample.flatten().tolist())) for sample in view.real]
    assert_close(penalty.item(), sum((norm - 1) ** 2 for norm in norms) / 7, rtol=1e-5, atol=0)


@pytest.fixture
def many(view_of):
    """A view with 20,000 real samples of mean 3 and standard deviation 2."""

    def make(judge):
        view = view_of(judge)
        real = 3 + 2 * torch.randn(20_000, 2, 2, 3, generator=torch.Generator().manual_seed(1))
        return type(view)(**{**vars(view), "real": real, "real_labels": None})

    return make


def test_the_authors_noise_is_one_sided_with_a_reach_of_each_samples_own(critic, many):
    moved = places(many(critic), critic)
    assert moved.min() >= -1e-6
    assert moved.max() <= 0.5
    # α u of one sample: u reaches nearly 1 within it, α is uniform from sample to sample.
    reach = moved.reshape(20_000, -1).max(1) / 0.5
    np.testing.assert_allclose(moved.mean(), 0.125, rtol=0.01)  # 20,000 α: ± 0.4 %
    # The largest of 12 u is 12/13 on average, and independent of α: E reach = 6/13, and E reach² = (1/3)(12/14).
    np.testing.assert_allclose([reach.mean(), (reach**2).mean()], [6 / 13, 2 / 7], rtol=0.02)


def test_two_sided_noise_is_uniform_within_half_a_deviation_on_either_side(critic, many):
    moved = places(many(critic), critic, noise="uniform_two_sided")
    assert abs(moved).max() <= 0.5 + 1e-6
    np.testing.assert_allclose(moved.mean(), 0, atol=0.002)  # 240,000 numbers: ± 0.0006
    np.testing.assert_allclose((moved**2).mean(), 0.5**2 / 3, rtol=0.01)


def test_gaussian_noise_has_the_variance_c_whatever_the_data(critic, many):
    view = many(critic)
    moved = places(view, critic, noise="gaussian", c=4.0) * np.std(view.real.numpy())
    np.testing.assert_allclose(moved.mean(), 0, atol=0.02)
    np.testing.assert_allclose([(moved**2).mean(), (moved**4).mean()], [4.0, 3 * 4.0**2], rtol=0.02)


def test_knobs_are_read_at_each_step(critic, many):
    component = regularisers.family.create("dragan", {"noise": "uniform_two_sided"})
    component.params.c, component.params.k = 2.0, 3.0
    view = many(critic)
    penalty = component.penalty(view)
    assert_close(penalty.item(), (math.sqrt(44) - 3) ** 2, rtol=1e-5, atol=0)
    moved = (critic.seen[0][0].detach() - view.real).numpy() / np.std(view.real.numpy())
    np.testing.assert_allclose((moved**2).mean(), 2.0**2 / 3, rtol=0.01)
