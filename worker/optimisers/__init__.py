"""Optimisers. Hyper-parameters that are knobs are written into the param groups before every step."""

from abc import abstractmethod
from collections.abc import Iterable

from torch import nn
from torch.optim import Optimizer

from worker.registry import Component, Family


class OptimiserComponent(Component):
    """Builds a torch optimiser and keeps it in step with its knobs."""

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player."""

    @abstractmethod
    def refresh(self, optimiser: Optimizer) -> None:
        """Write the params in force into the optimiser's groups; called before each of its steps."""


family: Family[OptimiserComponent] = Family("optimisers", OptimiserComponent)
register = family.register
