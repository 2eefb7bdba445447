"""Sweeps: one spec, several values; what is asked, and what the API says of one."""

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import Discriminator, Field, Tag, model_validator

from contract.events import Number, Status
from contract.knobs import Scale
from contract.numbers import Wire
from contract.runs import Accepted, Name

MOST_RUNS = 200
"""Runs that one sweep may launch: a matrix of more cannot be looked at."""
MOST_AXES = 6
SEED = "seed"
"""The axis that `seeds` make."""
_DIGITS = 12
"""Significant digits of a value between two ends, so that 0.01 to 10 in four has 0.1 and not 0.09999999999999998."""


class AxisRange(Wire):
    """Values from one end to the other, both included."""

    first: int | float = Field(alias="from", allow_inf_nan=False)
    last: int | float = Field(alias="to", allow_inf_nan=False)
    count: int = Field(ge=2, le=MOST_RUNS)
    scale: Scale = "linear"
    """linear: equal differences; log: equal ratios."""

    @model_validator(mode="after")
    def _can_be_divided(self) -> Self:
        if self.first == self.last:
            raise ValueError("from and to must differ")
        if self.scale == "log" and min(self.first, self.last) <= 0:
            raise ValueError("a log scale needs both ends above 0")
        return self

    def values(self) -> list[int | float]:
        """The values; between two whole numbers, those that are whole stay whole.

        >>> AxisRange(first=0.01, last=10, count=4, scale="log").values()
        [0.01, 0.1, 1.0, 10]
        >>> AxisRange(first=16, last=64, count=3, scale="log").values(), AxisRange(first=0, last=1, count=3).values()
        ([16, 32, 64], [0, 0.5, 1])
        """
        between = [self._at(index / (self.count - 1)) for index in range(1, self.count - 1)]
        return [self.first, *between, self.last]

    def _at(self, share: float) -> int | float:
        """The value that lies at this share of the way."""
        if self.scale == "log":
            exact = math.exp(math.log(self.first) * (1 - share) + math.log(self.last) * share)
        else:
            exact = self.first * (1 - share) + self.last * share
        value = float(f"{exact:.{_DIGITS}g}")
        is_whole = isinstance(self.first, int) and isinstance(self.last, int) and value.is_integer()
        return int(value) if is_whole else value


def _form(given: object) -> str:
    return "range" if isinstance(given, Mapping | AxisRange) else "values"


Values = Annotated[list[Any], Field(min_length=1, max_length=MOST_RUNS)]  # Any: JSON; each spec is checked
Axis = Annotated[Annotated[Values, Tag("values")] | Annotated[AxisRange, Tag("range")], Discriminator(_form)]
"""The values of one axis: a list, or a range."""


class CreateSweep(Wire):
    """A set of runs to be: a whole spec, or a recipe with overrides, once for each combination of the axes' values."""

    spec: dict[str, Any] | None = None  # Any: JSON; checked against the catalogue
    recipe: str | None = None
    overrides: dict[str, Any] = {}  # Any: JSON; checked against the catalogue
    """Deep-merged into the spec, or the recipe's."""
    axes: dict[str, Axis] = Field({}, max_length=MOST_AXES)
    """Place in the spec (`loss.gamma`, `regularisers.0.weight`), or a knob's name (`r1.weight`) → its values."""
    seeds: list[int] = Field([], max_length=MOST_RUNS)
    """One more axis: each combination once with each of these seeds."""
    name: Name | None = None


class SweepAxis(Wire):
    """What one axis is about, and its values in their order."""

    name: str
    values: list[Any]  # Any: JSON


class LastValue(Wire):
    """The last measurement of a scalar series."""

    step: int
    value: Number


class LastPicture(Wire):
    """Where the last samples of a run are: `GET /runs/{id}/series/{series}/{step}`."""

    series: str
    kind: Literal["grid", "points"]
    step: int


class SweepRun(Wire):
    """One run of a sweep."""

    id: str
    name: str
    values: dict[str, Any]  # Any: JSON
    """Axis → the value that this run has."""
    status: Status
    reason: str | None = None
    step: int
    steps: int
    latest: dict[str, LastValue] = {}
    """Last measurement of the key series that the run has, and of their standard errors."""
    picture: LastPicture | None = None


class SweepSummary(Wire):
    """A sweep, for lists."""

    id: str
    name: str
    recipe: str | None = None
    axes: list[SweepAxis]
    created_at: float
    n_runs: int
    statuses: dict[Status, int]
    """State → runs that are in it."""


class Sweep(SweepSummary):
    """One spec, several values: runs that are compared as a matrix."""

    runs: list[SweepRun]
    """The last axis changes fastest; a run that was deleted is missing."""
    cursor: str
    """Event id up to which this answer is complete: stream from here."""


class AskedRun(Accepted):
    """A run that was asked to stop."""

    run: str


class NotAsked(Wire):
    """A run that could not be asked, and why."""

    run: str
    reason: str


class SweepStop(Wire):
    """What came of stopping a sweep: each run's own outcome comes as its event, and stands in its ledger."""

    asked: list[AskedRun]
    not_asked: list[NotAsked] = []
    """Runs that changed their state at that moment; ask again."""
    n_ended: int
    """Runs that had ended already."""
