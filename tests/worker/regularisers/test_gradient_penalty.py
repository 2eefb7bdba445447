import math

import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.verdict import Verdict


@pytest.mark.parametrize("target", [1.0, 0.0, 10.0])
def test_a_linear_critic_pays_the_squared_distance_of_its_slope_from_the_target(critic, view_of, target):
    penalty = regularisers.family.create("gradient_penalty", {"target": target}).penalty(view_of(critic))
    slope = math.sqrt(44)
    assert_close(penalty.item(), (slope - target) ** 2, rtol=1e-6, atol=0)
    penalty.backward()
    assert_close(critic.weight.grad, 2 * (slope - target) / slope * critic.weight.detach(), rtol=1e-5, atol=0)


def test_each_sample_lies_between_its_real_and_its_fake_at_a_place_of_its_own(critic, view_of):
    view = view_of(critic)
    regularisers.family.create("gradient_penalty", {}).penalty(view)
    ((between, labels),) = critic.seen
    places = ((between - view.fake) / (view.real - view.fake)).flatten(1).detach()
    assert_close(places, places.mean(1, keepdim=True).expand_as(places), rtol=0, atol=1e-4)
    assert len(places.mean(1).unique()) == 7
    assert ((places > -1e-4) & (places < 1 + 1e-4)).all()
    assert labels is view.real_labels


def test_a_quadratic_critic_pays_by_the_samples_in_between(view_of):
    seen = []

    def judge(x, labels):
        seen.append(x)
        return Verdict(logits=x.square().flatten(1).sum(1) / 2)  # ∇D(x) = x

    penalty = regularisers.family.create("gradient_penalty", {}).penalty(view_of(judge))
    norms = [math.sqrt(sum(value**2 for value in sample.flatten().tolist())) for sample in seen[-1].detach()]
    assert_close(penalty.item(), sum((norm - 1) ** 2 for norm in norms) / 7, rtol=1e-5, atol=0)


def test_target_is_read_at_each_step(critic, view_of):
    component = regularisers.family.create("gradient_penalty", {})
    component.params.target = 2.0
    assert_close(component.penalty(view_of(critic)).item(), (math.sqrt(44) - 2) ** 2, rtol=1e-6, atol=0)


def test_a_flat_critic_gives_finite_second_derivatives(view_of):
    weight = torch.zeros(2, 2, 3, requires_grad=True)
    view = view_of(lambda x, labels: Verdict(logits=(x * weight).flatten(1).sum(1)))
    regularisers.family.create("gradient_penalty", {}).penalty(view).backward()
    assert weight.grad.isfinite().all()
