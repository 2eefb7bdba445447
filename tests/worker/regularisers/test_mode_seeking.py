import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.regularisers import PenaltyView
from worker.verdict import Verdict


@pytest.fixture
def phase():
    """The view of G's phase for a G(z, labels), six latents of two numbers, labels 0 to 5."""

    def make(generate):
        stream = torch.Generator().manual_seed(5)
        z, labels = torch.randn(6, 2, generator=stream), torch.arange(6)[:, None]
        return PenaltyView(
            judge=lambda x, labels: Verdict(logits=x.flatten(1).sum(1)),
            real=torch.zeros(6, 2),
            fake=generate(z, labels),
            real_labels=None,
            fake_labels=labels,
            generator=torch.Generator().manual_seed(9),
            step=1,
            player=torch.nn.Identity(),
            on_real=None,
            on_fake=Verdict(logits=torch.zeros(6)),
            z=z,
            generate=generate,
        )

    return make


@pytest.mark.parametrize("a", [3.0, -0.25])
def test_a_linear_generator_pays_the_inverse_of_its_slope(phase, a):
    slope = torch.tensor(a, requires_grad=True)
    penalty = regularisers.family.create("mode_seeking", {}).penalty(phase(lambda z, labels: slope * z))
    assert_close(penalty.item(), 1 / (abs(a) + 1e-5), rtol=1e-5, atol=0)
    penalty.backward()
    assert_close(slope.grad.item(), -(1 if a > 0 else -1) / (abs(a) + 1e-5) ** 2, rtol=1e-5, atol=0)


def test_it_is_a_ratio_of_means_between_the_phases_latents_and_fresh_ones(phase):
    drawn = torch.randn(6, 2, generator=torch.Generator().manual_seed(9))
    view = phase(lambda z, labels: torch.cat([z.square(), z[:, :1]], 1))
    one, other = view.z.tolist(), drawn.tolist()
    apart, between = [], []
    for (x, y), (p, q) in zip(one, other, strict=True):
        apart += [abs(x * x - p * p), abs(y * y - q * q), abs(x - p)]
        between += [abs(x - p), abs(y - q)]
    expected = 1 / ((sum(apart) / 18) / (sum(between) / 12) + 1e-5)
    penalty = regularisers.family.create("mode_seeking", {}).penalty(view)
    assert_close(penalty.item(), expected, rtol=1e-5, atol=0)


def test_a_collapsed_generator_pays_a_hundred_thousand_with_a_finite_gradient(phase):
    theta = torch.tensor([1.5], requires_grad=True)
    view = phase(lambda z, labels: theta.expand(len(z), 1))
    penalty = regularisers.family.create("mode_seeking", {}).penalty(view)
    assert_close(penalty.item(), 1e5, rtol=1e-6, atol=0)
    penalty.backward()
    assert theta.grad.item() == 0.0


def test_both_latents_have_the_same_labels(phase):
    seen = []
    view = phase(lambda z, labels: seen.append(labels) or z)
    regularisers.family.create("mode_seeking", {}).penalty(view)
    assert len(seen) == 2
    assert all(torch.equal(labels, torch.arange(6)[:, None]) for labels in seen)


def test_it_belongs_to_the_generator():
    assert regularisers.family.create("mode_seeking", {}).player == "G"
