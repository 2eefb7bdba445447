"""What the oracle tests of penalties share: a linear critic, for which they can be worked out by hand."""

import pytest
import torch
from torch import nn

from worker.regularisers import PenaltyView
from worker.verdict import Verdict


class LinearCritic:
    """D(x) = w·x, over all dimensions of a sample; remembers what it was shown."""

    def __init__(self, weight):
        self.weight = weight.clone().requires_grad_()
        self.seen = []

    def __call__(self, x, labels=None):
        if x.requires_grad:  # a penalty's own look, not the phase's
            self.seen.append((x, labels))
        return Verdict(logits=(x * self.weight).flatten(1).sum(1))


@pytest.fixture
def critic():
    """A critic on (2, 2, 3) samples with ‖w‖² = 4 · 3² + 8 · 1² = 44."""
    weight = torch.tensor([3.0] * 4 + [-1.0] * 8).reshape(2, 2, 3)
    return LinearCritic(weight)


@pytest.fixture
def view_of():
    """Makes the view of a penalty on 7 real and 7 fake samples."""

    def make(judge):
        stream = torch.Generator().manual_seed(5)
        real, fake = torch.randn(2, 7, 2, 2, 3, generator=stream)
        real_labels, fake_labels = torch.zeros(7, 1, dtype=torch.int64), torch.ones(7, 1, dtype=torch.int64)
        return PenaltyView(
            judge=judge,
            real=real,
            fake=fake,
            real_labels=real_labels,
            fake_labels=fake_labels,
            generator=stream,
            step=1,
            player=nn.Identity(),
            on_real=judge(real, real_labels),
            on_fake=judge(fake, fake_labels),
            z=torch.randn(7, 2, generator=stream),
            generate=lambda z, labels: z,
        )

    return make
