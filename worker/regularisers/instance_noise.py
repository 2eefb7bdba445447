"""Noise on what D sees: real and generated samples overlap, so that D cannot be sure."""

from typing import ClassVar

import torch
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import Moment


@regularisers.register
class InstanceNoise(regularisers.Regulariser):
    """Instance noise: Gaussian noise is added to real and generated samples on their way into D, and fades out.

    x' = x + s n,  n ~ N(0, I) anew at each look,  s = std · max(0, 1 - (t - 1)/anneal_steps) at step t from 1; with
    `anneal_steps` 0, s = std throughout. In both players' phases, and under a gradient penalty too. At s = 0 samples
    pass unchanged, bit for bit, and the noise is drawn all the same, so that turning a knob does not shift the run's
    other random numbers. Monitors show D samples without noise.

    Source: Sønderby et al. 2017, arXiv:1610.04490, where the idea is named. The default std is ours to try out: we
    know of no published figure that we could check. Samples have values in [-1, 1], points a few units.
    """

    title: ClassVar[str] = "Instance noise"

    class Params(ComponentParams):
        """How much noise, and how long."""

        std: float = knob(0.1, ge=0, le=10, unit="units of x")
        """Standard deviation of the noise at the first step."""
        anneal_steps: int = knob(0, ge=0, le=1_000_000_000, unit="steps")
        """Steps until there is no noise left; 0: it stays as it is."""

    params: Params

    def std_at(self, step: int) -> float:
        """Standard deviation in force at a step, from 1."""
        if self.params.anneal_steps == 0:
            return self.params.std
        return self.params.std * max(0.0, 1 - (step - 1) / self.params.anneal_steps)

    def inputs(self, x: Tensor, moment: Moment) -> Tensor:
        """(N, *sample), with noise."""
        noise = torch.randn(x.shape, generator=moment.generator, device=moment.generator.device).to(x)
        return x + self.std_at(moment.step) * noise
