"""Averaging: from which weights of G samples and metrics are taken."""

from abc import abstractmethod

from torch import nn

from worker.registry import Component, Family


class Averaging(Component):
    """Keeps, or does not keep, an average of the players' weights."""

    @abstractmethod
    def begin(self, generator: nn.Module, discriminator: nn.Module) -> None:
        """Called once with the freshly built players."""

    @abstractmethod
    def update(self, generator: nn.Module, discriminator: nn.Module, step: int) -> None:
        """Called after every step, when both players have been updated."""

    @abstractmethod
    def sampler(self, generator: nn.Module) -> nn.Module:
        """The module to sample from: G itself, or its average."""

    def averaged(self, discriminator: nn.Module) -> nn.Module:
        """D's average where one is kept, else D itself; games of two parameters are judged by it."""
        return discriminator


family: Family[Averaging] = Family("averaging", Averaging)
register = family.register
