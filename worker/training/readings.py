"""What the monitors measured last, for the guards: scalars only, still on their device."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """One number of one monitor."""

    step: int
    value: Tensor | float
    monitor: str
    """Its entry."""


@dataclass
class Readings:
    """Series → its newest reading; and which monitors a guard may not read any more, with the reason."""

    newest: dict[str, Reading] = field(default_factory=dict)
    unread: dict[str, str] = field(default_factory=dict)
    """Entry of a monitor → why its series are kept from the guards from now on."""

    def note(self, step: int, monitor: str, scalars: Mapping[str, Tensor | float]) -> None:
        """Take up what a monitor measured."""
        self.newest |= {name: Reading(step, value, monitor) for name, value in scalars.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """`<monitor>/<series>` → (step, value) as float64. Why a monitor is not read depends on the clock: left out."""
        return {
            f"{reading.monitor}/{name}": torch.stack([_number(reading.step), _number(reading.value)])
            for name, reading in self.newest.items()
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave."""
        for where, pair in state.items():
            monitor, name = where.split("/", 1)
            step, value = pair.tolist()
            self.newest[name] = Reading(int(step), value, monitor)


def _number(value: Tensor | float) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64).detach().cpu()
