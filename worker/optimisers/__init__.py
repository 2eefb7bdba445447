"""Optimisers. Hyper-parameters that are knobs are written into the param groups before every step."""

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor, nn
from torch.optim import Optimizer

from contract.components import SeriesDescription
from worker.optimisers._rate import RateParams, factor
from worker.registry import Component, Family


@dataclass(frozen=True)
class UpdateView:
    """What an optimiser may look at before it updates its player."""

    step: int
    """The step that is being computed, from 1."""
    parameters: list[nn.Parameter]
    """The player's weights; `.grad` holds the gradient of this step."""
    own_loss: Callable[[], Tensor]
    """The player's own loss, penalties left out, on a batch that is the same at every call, with a fresh graph.

    Batch normalisation works as in training, but its statistics, and spectral norm's vectors, are left alone.
    """


class OptimiserComponent(Component):
    """Builds a torch optimiser and keeps it in step with its knobs."""

    Params = RateParams
    params: Any  # the subclass's own Params, which has a rate
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(name="<entry>.rate", meaning="Learning rate in force: the knob lr times its schedule."),
    )
    extrapolates: ClassVar[bool] = False
    """True when its torch optimiser has `extrapolate()`: the step is then computed at an extrapolated point."""

    @abstractmethod
    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player."""

    def refresh(self, optimiser: Optimizer, step: int) -> None:
        """Write the params in force at that step into the optimiser's groups; called before each of its steps.

        The rate; an optimiser with more that may change writes that too.
        """
        rate = self.rate(step)
        for group in optimiser.param_groups:
            group["lr"] = rate

    def rate(self, step: int) -> float:
        """Learning rate in force at a step, from 1."""
        return float(self.params.lr * factor(self.params, step))

    @property
    def is_scheduled(self) -> bool:
        """Whether the rate depends on the step."""
        return bool(self.params.warmup > 0 or self.params.decay_steps > 0)

    def before_update(self, optimiser: Optimizer, view: UpdateView) -> Mapping[str, Tensor | float]:
        """Look, and change gradients or the optimiser's state, before it steps.

        Args:
            optimiser: what `build` made.
            view: the player, and its own loss.

        Returns:
            Series, as declared in `series` → value.
        """
        return {}


family: Family[OptimiserComponent] = Family("optimisers", OptimiserComponent)
register = family.register
