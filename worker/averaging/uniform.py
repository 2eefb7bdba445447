"""The plain mean of all that the players have been: what the theory of games speaks of."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from contract.components import ComponentParams
from contract.knobs import knob
from worker import averaging
from worker.averaging._copies import copied, copy_buffers, weights


@averaging.register
class Uniform(averaging.Averaging):
    """Uniform average of both players' iterates: w̄ = (1/n) Σ w over all steps since `start`, w at `start` included.

    Up to the step `start` (0: as built) the average is the player itself, n = 1; then w̄ ← w̄ + (w - w̄)/n. Where two
    players have no regret in a convex-concave game, this average approaches an equilibrium although the last iterate
    may circle for ever. A GAN is no such game: the mean of two good generators can be a bad one.

    Kept in float64, for in float32 a mean of 10⁶ iterates would lose most of what each adds; costs 12 bytes a weight of
    each player. Buffers, such as the statistics of batch normalisation, are copied from the players.

    Source: Freund & Schapire 1999, doi:10.1006/game.1999.0738; for GANs Kodali et al. 2017, arXiv:1705.07215.
    """

    title: ClassVar[str] = "Uniform average of iterates"

    class Params(ComponentParams):
        """Its start, and whether it is used."""

        start: int = knob(0, ge=0, le=1_000_000_000, unit="steps", resets="the average, when moved beyond the step")
        """Step at which the average begins; moved ahead of the present one, the average begins anew there."""
        sample: bool = knob(True)  # noqa: FBT003  # the default of a field
        """Whether samples and metrics come from the average; off: from G as it trains, while the average goes on."""

    params: Params

    def begin(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Both averages are the players as they are built."""
        self._averages = {"G": copied(generator), "D": copied(discriminator)}
        self._means = {"G": _doubles(generator), "D": _doubles(discriminator)}
        self._n = 1

    @torch.no_grad()
    def update(self, generator: nn.Module, discriminator: nn.Module, step: int) -> None:
        """Take both players' weights into their means."""
        self._n = 1 if step <= self.params.start else self._n + 1
        for player, name in ((generator, "G"), (discriminator, "D")):
            average, means = self._averages[name], self._means[name]
            copy_buffers(player, average)
            for kept, mean, value in zip(weights(average), means, weights(player), strict=True):
                if self._n == 1:
                    mean.copy_(value)
                else:
                    mean.lerp_(value.double(), 1 / self._n)
                kept.copy_(mean)

    def sampler(self, generator: nn.Module) -> nn.Module:
        """The average of G, or G if samples are to come from it."""
        return self._averages["G"] if self.params.sample else generator

    def averaged(self, discriminator: nn.Module) -> nn.Module:
        """The average of D, or D if samples come from G."""
        return self._averages["D"] if self.params.sample else discriminator

    def state_dict(self) -> dict[str, Tensor]:
        """Both averages, their means in float64, and how many iterates are in them."""
        state = {"n": torch.tensor(self._n)}
        for name, average in self._averages.items():
            state |= {f"{name}.{key}": value for key, value in average.state_dict().items()}
            state |= {f"mean.{name}.{index}": mean for index, mean in enumerate(self._means[name])}
        return state

    @torch.no_grad()
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on with stored averages."""
        self._n = int(state["n"])
        for name, average in self._averages.items():
            kept = {key.removeprefix(f"{name}."): value for key, value in state.items() if key.startswith(f"{name}.")}
            average.load_state_dict(kept)
            for index, mean in enumerate(self._means[name]):
                mean.copy_(state[f"mean.{name}.{index}"])


def _doubles(player: nn.Module) -> list[Tensor]:
    return [value.to(torch.float64, copy=True) for value in weights(player)]
