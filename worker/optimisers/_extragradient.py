"""Extragradient steps: look where one step would lead, come back, and go along the gradient found there."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class Extragradient(Optimizer, ABC):
    """Base of torch optimisers with `extrapolate()`.

    w' = w - lr d(∇L(w)), then w ← w - lr d(∇L(w')), where d makes a direction of a gradient. A `step` without an
    extrapolation before it starts from where the weights are. The kept w lives from `extrapolate` to `step` and is in
    no checkpoint: those are written between steps.
    """

    def __init__(self, parameters: Any, defaults: dict[str, Any]) -> None:  # Any: as torch takes them
        super().__init__(parameters, defaults)
        self._kept: list[tuple[Tensor, Tensor]] = []

    @abstractmethod
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        """What the step is along, in the gradient's shape; it may move the weight's state."""

    @torch.no_grad()
    def extrapolate(self) -> None:
        """Keep the weights, and move them to where one step from here leads."""
        self._kept = [(weight, weight.clone()) for group in self.param_groups for weight in group["params"]]
        self._move()

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closures here
        """Step from the kept weights along the gradient that was found at the extrapolated ones."""
        for weight, kept in self._kept:
            weight.copy_(kept)
        self._kept = []
        self._move()

    def _move(self) -> None:
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    weight.sub_(self.direction(weight.grad, self.state[weight], group), alpha=group["lr"])
