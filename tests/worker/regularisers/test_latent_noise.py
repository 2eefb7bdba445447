import torch

from worker import regularisers
from worker.regularisers import Moment

Z = torch.randn(4, 3, generator=torch.Generator().manual_seed(0))


def seeded():
    return torch.Generator().manual_seed(7)


def moment(generator):
    return Moment(1, "D", generator)


def test_noise_is_normal_with_the_std_of_the_knob():
    component = regularisers.family.create("latent_noise", {"std": 0.5})
    expected = Z + 0.5 * torch.randn(4, 3, generator=seeded())
    assert torch.equal(component.latents(Z, moment(seeded())), expected)


def test_at_zero_latents_pass_unchanged_and_the_stream_moves_as_ever():
    component = regularisers.family.create("latent_noise", {})
    noisy, silent = seeded(), seeded()
    component.latents(Z, moment(noisy))
    component.params.std = 0.0
    assert torch.equal(component.latents(Z, moment(silent)), Z)
    assert torch.equal(silent.get_state(), noisy.get_state())


def test_it_belongs_to_the_generator():
    assert regularisers.family.create("latent_noise", {}).player == "G"
