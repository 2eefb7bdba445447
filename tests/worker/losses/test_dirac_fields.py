"""Each loss on the Dirac GAN, real sample 0, fake θ, D(x) = ψ x: the fields of Mescheder et al. 2018 by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from worker import losses
from worker.verdict import Verdict


def sigmoid(t):
    return 1 / (1 + math.exp(-t))


# Minus each player's gradient, (along θ, along ψ). D's answer on the real sample is 0 whatever ψ is.
FIELDS = {
    "wasserstein": lambda theta, psi: (psi, -theta),
    "nonsaturating": lambda theta, psi: (psi * sigmoid(-psi * theta), -theta * sigmoid(psi * theta)),
    "minimax": lambda theta, psi: (psi * sigmoid(psi * theta), -theta * sigmoid(psi * theta)),
    "hinge": lambda theta, psi: (psi, -theta if psi * theta > -1 else 0.0),
    "least_squares": lambda theta, psi: (-(psi * theta - 1) * psi, -psi * theta * theta),
    "relativistic": lambda theta, psi: (psi * sigmoid(-psi * theta), -theta * sigmoid(psi * theta)),
}


@pytest.mark.parametrize("name", FIELDS)
@pytest.mark.parametrize(("theta", "psi"), [(1.0, 1.0), (-0.5, 2.0), (3.0, -0.25), (0.75, 0.0), (2.0, -1.5)])
def test_both_players_move_along_the_field_worked_out_by_hand(name, theta, psi):
    loss = losses.family.create(name, {})
    place, slope = torch.tensor(theta, requires_grad=True), torch.tensor(psi, requires_grad=True)

    def verdicts():
        return Verdict(logits=(slope * 0.0)[None]), Verdict(logits=(slope * place)[None])

    (along_theta,) = torch.autograd.grad(-loss.generator(*verdicts()), place)
    (along_psi,) = torch.autograd.grad(-loss.discriminator(*verdicts()), slope)
    # In float32, with a softplus between: a few roundings.
    assert_close([along_theta.item(), along_psi.item()], list(FIELDS[name](theta, psi)), rtol=1e-5, atol=1e-7)
