"""Noise on the latents: G must answer alike for latents that lie close together."""

from typing import ClassVar

import torch
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from contract.spec import Player
from worker import regularisers
from worker.regularisers import Moment


@regularisers.register
class LatentNoise(regularisers.Regulariser):
    """Latent noise: Gaussian noise is added to every latent on its way into G in training.

    z' = z + s n,  n ~ N(0, I), s the `std`. With z ~ N(0, I) that is the wider prior N(0, (1 + s²) I) in training,
    while samples for the page are drawn without noise, from N(0, I). At s = 0 latents pass unchanged, bit for bit, and
    the noise is drawn all the same, so that turning the knob does not shift the run's other random numbers.

    Source: the public project vsedov/AnimeGans names noise in z as a cure for an ACGAN's collapse; it reports no
    measurement, so take it as something to try.
    """

    title: ClassVar[str] = "Latent noise"
    player: Player = "G"

    class Params(ComponentParams):
        """How much noise."""

        std: float = knob(0.1, ge=0, le=10)
        """Standard deviation of the noise; latents themselves have 1."""

    params: Params

    def latents(self, z: Tensor, moment: Moment) -> Tensor:
        """(N, z_dim), with noise."""
        noise = torch.randn(z.shape, generator=moment.generator, device=moment.generator.device).to(z)
        return z + self.params.std * noise
