import pytest
import torch
from torch.testing import assert_close

from worker import regularisers
from worker.regularisers import Moment

X = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0))


def moment(step=1, player="D"):
    return Moment(step, player, torch.Generator().manual_seed(7))


def drawn():
    return torch.randn(X.shape, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize("player", ["G", "D"])
def test_noise_is_normal_with_the_std_of_the_knob_in_both_phases(player):
    component = regularisers.family.create("instance_noise", {"std": 0.5})
    assert torch.equal(component.inputs(X, moment(player=player)), X + 0.5 * drawn())


@pytest.mark.parametrize(("step", "std"), [(1, 0.8), (2, 0.6), (4, 0.2), (5, 0.0), (500, 0.0)])
def test_it_fades_out_in_a_straight_line(step, std):
    component = regularisers.family.create("instance_noise", {"std": 0.8, "anneal_steps": 4})
    assert_close(component.inputs(X, moment(step)), X + std * drawn(), rtol=0, atol=1e-6)


def test_without_an_end_it_stays():
    component = regularisers.family.create("instance_noise", {"std": 0.8})
    assert component.std_at(10**9) == 0.8


def test_when_it_has_faded_samples_pass_unchanged_and_the_stream_moves_as_ever():
    component = regularisers.family.create("instance_noise", {"anneal_steps": 4})
    noisy, silent = moment(1), moment(5)
    component.inputs(X, noisy)
    assert torch.equal(component.inputs(X, silent), X)
    assert torch.equal(silent.generator.get_state(), noisy.generator.get_state())


def test_a_longer_end_brings_noise_back_mid_run():
    component = regularisers.family.create("instance_noise", {"std": 1.0, "anneal_steps": 4})
    component.params.anneal_steps = 8
    assert component.std_at(5) == 0.5
