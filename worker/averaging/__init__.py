"""Averaging: from which weights of G samples and metrics are taken."""

from abc import abstractmethod

from torch import nn

from worker.registry import Component, Family


class Averaging(Component):
    """Keeps, or does not keep, an average of G's weights."""

    @abstractmethod
    def begin(self, generator: nn.Module) -> None:
        """Called once with the freshly built G."""

    @abstractmethod
    def update(self, generator: nn.Module, step: int) -> None:
        """Called after every G step."""

    @abstractmethod
    def sampler(self, generator: nn.Module) -> nn.Module:
        """The module to sample from: G itself, or its average."""


family: Family[Averaging] = Family("averaging", Averaging)
register = family.register
