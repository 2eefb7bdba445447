"""Optimistic steps: the direction just found, and once more what it has changed by since the last."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer


class Optimistic(Optimizer, ABC):
    """Base of torch optimisers with w ← w - 2 lr dₜ + lr dₜ₋₁, where d is a direction and d₀ = d₁.

    The first step is thereby a plain one. State: `previous`, the last direction.
    """

    @abstractmethod
    def direction(self, gradient: Tensor, state: dict[str, Any], group: dict[str, Any]) -> Tensor:
        """A tensor of its own, in the gradient's shape; it may move the weight's state."""

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closures here
        """One optimistic step of every weight that has a gradient."""
        for group in self.param_groups:
            for weight in group["params"]:
                if weight.grad is not None:
                    self._move(weight, weight.grad, group)

    def _move(self, weight: Tensor, gradient: Tensor, group: dict[str, Any]) -> None:
        state = self.state[weight]
        direction = self.direction(gradient, state, group)
        previous = state.get("previous", direction)
        weight.sub_(2 * direction - previous, alpha=group["lr"])
        state["previous"] = direction
