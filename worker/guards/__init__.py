"""Guards: read series while the run goes on, and say when something goes wrong.

A guard sees numbers only: what the step reported, and what monitors measured. It judges one look at a time; the
engine (`worker.training.guarding`) decides when it looks, counts looks in a row, raises and clears the alarm, and
switches off a guard that breaks. What a guard remembers stands in `memory`, which every checkpoint holds.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker.registry import Component, Family


@dataclass(frozen=True)
class Finding:
    """Something is wrong at this look."""

    message: str
    """In plain words, with the numbers: it is what a person reads first."""
    evidence: Mapping[str, float]
    """Series, or a statistic of one, → number."""


@dataclass(frozen=True)
class Clear:
    """Nothing is wrong at this look."""

    message: str
    """In plain words: what a person reads when it ends an alarm."""


@dataclass(frozen=True)
class Look:
    """What a guard sees at one of its looks, and nothing else."""

    step: int
    values: Mapping[str, float]
    """Series → number. A series of the step is always there; one of a monitor only if it was measured since this
    guard's last look. Only series that the guard `reads`, in alphabetical order."""
    active: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Name of a guard that found something at its newest look → its evidence. Only for a guard that `combines`."""
    confirmed: frozenset[str] = frozenset()
    """Those of them whose finding has lasted as long as their `patience` asks."""
    raised: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    """Entry of a guard whose alarm is raised → its evidence. Only for a rule that `combines`."""

    def matching(self, *patterns: str) -> dict[str, float]:
        """The values whose series' name fits one of the patterns, in alphabetical order."""
        return {name: value for name, value in self.values.items() if fits(name, patterns)}


def fits(name: str, patterns: Sequence[str]) -> bool:
    """Whether a series' name is one of the patterns, where `*` stands for anything.

    >>> fits("auxiliary.hair.loss", ["auxiliary.*.loss"])
    True
    """
    return any(fnmatchcase(name, pattern) for pattern in patterns)


class GuardParams(ComponentParams):
    """What every guard has; a guard gives what it needs its own default."""

    every: int = Field(50, ge=1, le=1_000_000)
    """Steps between two looks."""
    patience: int = Field(2, ge=1, le=1000)
    """Looks in a row that must find it before the alarm is raised, or must not before it is cleared."""
    cool_down: int = Field(500, ge=0, le=1_000_000_000)
    """Steps after the alarm was cleared in which it is not raised again."""


class CalibratedParams(GuardParams):
    """Of a guard that compares a run with its own healthy past."""

    warmup: int = Field(500, ge=0, le=1_000_000_000)
    """Steps at the start that are not read: nothing is settled there."""
    window: int = Field(20, ge=2, le=10_000)
    """Looks that make the healthy past."""


def share_knob(default: float) -> Any:  # Any: see `knob`
    """A knob for the share of its own past below which a number is too low."""
    return knob(default, gt=0, lt=1, folded=True)


def factor_knob(default: float) -> Any:  # Any: see `knob`
    """A knob for the multiple of its own past above which a number is too high."""
    return knob(default, scale="log", gt=1, le=1_000_000, folded=True)


class Guard(Component):
    """Judges every `params.every` steps what it `reads`.

    Alarm state and `memory` survive a checkpoint bit for bit, so that a resumed run raises the same alarms.
    """

    combines: ClassVar[bool] = False
    """True for a guard that reads what others found; it looks after them."""

    Params: ClassVar[type[ComponentParams]] = GuardParams
    params: Any  # the subclass's own Params, which has those of GuardParams

    def __init__(self, params: Any, entry: str) -> None:  # Any: an instance of this class's own Params
        super().__init__(params, entry)
        self.memory: dict[str, list[float]] = {}
        """Numbers that must not be lost, by name. A guard keeps each list as short as it can."""
        self.alarm = Alarm()

    @property
    def kind(self) -> str:
        """The public name of what it is, whatever the run calls it."""
        return type(self).__module__.rsplit(".", 1)[-1]

    @abstractmethod
    def reads(self) -> Sequence[str]:
        """Names of series, or patterns in which `*` stands for anything."""

    @abstractmethod
    def judge(self, look: Look) -> Finding | Clear | None:
        """One look. None where nothing can be said: still calibrating, or nothing new to read."""

    def state_dict(self) -> dict[str, Tensor]:
        """Alarm and memory, as float64."""
        state = {f"memory.{name}": torch.tensor(kept, dtype=torch.float64) for name, kept in self.memory.items()}
        return {**state, **self.alarm.state_dict()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take back what `state_dict` gave."""
        kept = {name: value.tolist() for name, value in state.items() if name.startswith("memory.")}
        self.memory = {name.removeprefix("memory."): numbers for name, numbers in kept.items()}
        self.alarm = Alarm.of(state)


@dataclass
class Alarm:
    """Where one guard's alarm stands. The engine's; a guard leaves it alone."""

    raised_at: int | None = None
    """Step since which it is raised; None: it is not."""
    cleared_at: int | None = None
    found: int = 0
    """Looks in a row that found something."""
    quiet: int = 0
    """Looks in a row that found nothing."""
    is_off: bool = False
    """The guard failed and is not asked again."""
    evidence: dict[str, float] = field(default_factory=dict)
    """Of the newest finding."""

    def state_dict(self) -> dict[str, Tensor]:
        """As float64 tensors; a step that is None is NaN."""
        steps = [math.nan if step is None else step for step in (self.raised_at, self.cleared_at)]
        numbers = [*steps, self.found, self.quiet, float(self.is_off)]
        evidence = {f"evidence.{name}": torch.tensor(v, dtype=torch.float64) for name, v in self.evidence.items()}
        return {"alarm": torch.tensor(numbers, dtype=torch.float64), **evidence}

    @classmethod
    def of(cls, state: Mapping[str, Tensor]) -> "Alarm":
        """The alarm that `state_dict` was of."""
        raised, cleared, found, quiet, is_off = state["alarm"].tolist()
        prefix = "evidence."
        evidence = {name[len(prefix) :]: float(value) for name, value in state.items() if name.startswith(prefix)}
        return cls(_step(raised), _step(cleared), int(found), int(quiet), bool(is_off), evidence)


def _step(number: float) -> int | None:
    return None if math.isnan(number) else int(number)


family: Family[Guard] = Family("guards", Guard)
register = family.register
