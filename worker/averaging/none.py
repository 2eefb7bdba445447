"""No averaging: samples come from G as it trains."""

from typing import ClassVar

from torch import nn

from worker import averaging


@averaging.register
class NoAveraging(averaging.Averaging):
    """No average is kept: samples and metrics come from G as it trains."""

    title: ClassVar[str] = "None"

    def begin(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Nothing to prepare."""

    def update(self, generator: nn.Module, discriminator: nn.Module, step: int) -> None:
        """Nothing to update."""

    def sampler(self, generator: nn.Module) -> nn.Module:
        """G itself."""
        return generator
