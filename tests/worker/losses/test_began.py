import pytest
import torch
from torch.testing import assert_close

from worker import losses
from worker.registry import InvalidParams
from worker.verdict import Verdict


def at(error):
    """D's answer where its reconstruction error is `error` on average."""
    return Verdict(logits=-torch.tensor([0.5, 1.5]) * error)


def made(k=0.0, **params):
    loss = losses.family.create("began", params)
    loss.load_state_dict({"k": torch.tensor(k)})
    return loss


def test_d_pays_the_real_error_less_k_times_the_fake_one():
    assert_close(made(k=0.25).discriminator(at(0.8), at(0.4)).item(), 0.8 - 0.25 * 0.4, rtol=1e-6, atol=0)


def test_d_does_not_look_at_fakes_at_the_start():
    fake = torch.tensor([-0.3, -0.5], requires_grad=True)
    losses.family.create("began", {}).discriminator(at(0.8), Verdict(logits=fake)).backward()
    assert fake.grad.tolist() == [0.0, 0.0]


def test_g_pays_the_error_on_its_samples_whatever_k_is():
    for k in (0.0, 0.5):
        assert_close(made(k=k).generator(None, at(0.4)).item(), 0.4, rtol=1e-6, atol=0)


def test_k_follows_its_recurrence():
    loss, k = made(gamma=0.7, lambda_k=0.05), 0.0
    errors = [(1.0, 0.2), (0.9, 0.1), (0.8, 0.3), (0.5, 0.9), (0.4, 0.2), (0.1, 3.0), (0.6, 0.1)]
    for real, fake in errors:
        k = min(max(k + 0.05 * (0.7 * real - fake), 0.0), 1.0)
        reported = loss.after_step(at(real), at(fake))
        assert_close(reported["began.k"].item(), k, rtol=1e-5, atol=1e-7)
        assert_close(loss.discriminator(at(1.0), at(1.0)).item(), 1 - k, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("start", "real", "fake", "end"), [(0.9, 1.0, 0.0, 1.0), (0.1, 0.0, 1.0, 0.0)])
def test_k_stays_between_0_and_1(start, real, fake, end):
    assert made(k=start, gamma=1.0, lambda_k=0.5).after_step(at(real), at(fake))["began.k"].item() == end


@pytest.mark.parametrize(("real", "fake", "m_global"), [(0.8, 0.1, 0.8 + 0.3), (0.8, 0.9, 0.8 + 0.5)])
def test_convergence_is_the_real_error_and_the_distance_from_balance(real, fake, m_global):
    reported = made(gamma=0.5).after_step(at(real), at(fake))
    assert_close(reported["began.m_global"].item(), m_global, rtol=1e-6, atol=0)
    assert_close(reported["began.ratio"].item(), fake / real, rtol=1e-6, atol=0)


def test_a_number_that_was_reported_does_not_change_afterwards():
    loss = made(gamma=1.0, lambda_k=0.1)
    first = loss.after_step(at(1.0), at(0.0))["began.k"]
    loss.after_step(at(1.0), at(0.0))
    assert_close(first.item(), 0.1, rtol=1e-6, atol=0)


def test_knobs_are_read_at_each_step():
    loss = made(gamma=1.0, lambda_k=0.1)
    loss.after_step(at(1.0), at(0.0))
    loss.params.gamma, loss.params.lambda_k = 0.0, 0.05
    assert_close(loss.after_step(at(1.0), at(0.5))["began.k"].item(), 0.1 - 0.05 * 0.5, rtol=1e-6, atol=0)


def test_series_bear_the_name_that_the_run_gave():
    loss = losses.family.create("began", {}, "balance")
    assert sorted(loss.after_step(at(1.0), at(1.0))) == ["balance.k", "balance.m_global", "balance.ratio"]


@pytest.mark.parametrize("params", [{"gamma": 1.01}, {"gamma": -0.1}, {"lambda_k": -0.001}])
def test_knobs_out_of_bounds_are_refused(params):
    with pytest.raises(InvalidParams, match=next(iter(params))):
        losses.family.create("began", params)
