"""An exponential moving average of G: the usual cure for samples that change from step to step."""

import math
from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from contract.components import ComponentParams
from contract.knobs import knob
from worker import averaging
from worker.averaging._copies import copied, copy_buffers, copy_weights, weights


@averaging.register
class Ema(averaging.Averaging):
    """EMA of G: an average of G's weights in which older ones count exponentially less.

    Up to the step `start` the average is G itself; at every later step w̄ ← b w̄ + (1 - b) w. With ramp-up r > 0 the
    half-life is at most r times the n steps since `start`: b = min(β, 0.5^(1/(r n))); with r = 0, b = β. Buffers, such
    as the statistics of batch normalisation, are copied from G: they belong to G's weights, not quite to the average's.
    D has no average here.

    Source: Karras et al. 2018 (progressive growing), arXiv:1710.10196, for the average of G; the ramp-up is that of
    StyleGAN2-ADA's and EDM's public code (Karras et al. 2020, arXiv:2006.06676), r = 0.05 there. Deviation: counted in
    steps, not in images.
    """

    title: ClassVar[str] = "Exponential moving average"

    class Params(ComponentParams):
        """Memory, its ramp-up, its start, and whether it is used."""

        beta: float = knob(0.999, ge=0, lt=1)
        """Share of the average that a step keeps; half of it is forgotten after ln 0.5 / ln β steps, 693 for 0.999."""
        rampup: float = knob(0.05, ge=0, le=1)
        """Longest half-life, as a share of the steps since the start; 0: β holds from the first."""
        start: int = knob(0, ge=0, le=1_000_000_000, unit="steps", resets="the average, when moved beyond the step")
        """Step up to which the average is G itself."""
        sample: bool = knob(True)  # noqa: FBT003  # the default of a field
        """Whether samples and metrics come from the average; off: from G as it trains, while the average goes on."""

    params: Params

    def begin(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """The average is G as it is built."""
        self._average = copied(generator)

    @torch.no_grad()
    def update(self, generator: nn.Module, discriminator: nn.Module, step: int) -> None:
        """Take G's weights into the average."""
        copy_buffers(generator, self._average)
        since = step - self.params.start
        if since <= 0:
            copy_weights(generator, self._average)
            return
        torch._foreach_lerp_(weights(self._average), weights(generator), 1 - self._beta(since))

    def sampler(self, generator: nn.Module) -> nn.Module:
        """The average, or G if samples are to come from it."""
        return self._average if self.params.sample else generator

    def state_dict(self) -> dict[str, Tensor]:
        """The average's weights and buffers."""
        return dict(self._average.state_dict())

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on with a stored average."""
        self._average.load_state_dict(state)

    def _beta(self, since: int) -> float:
        beta, longest = self.params.beta, self.params.rampup * since
        return min(beta, math.pow(0.5, 1 / longest)) if longest > 0 else beta
