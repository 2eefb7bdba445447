"""The family of a run: what it came from and what came of it, as the API says it."""

from typing import Any, Literal

from contract.events import Status
from contract.numbers import Wire

MOST_RUNS = 300
"""Runs that one answer names: a tree of more cannot be looked at."""

Birth = Literal["launch", "fork", "twin", "rewind"]
"""How a run came to be."""


class Difference(Wire):
    """A param, or a knob, that a run has otherwise than its parent."""

    name: str
    old: Any = None  # Any: JSON; None: the parent has no such thing
    new: Any = None  # Any: JSON; None: the run has no such thing


class LineageRun(Wire):
    """One run of a family."""

    id: str
    name: str
    status: Status
    step: int
    steps: int
    parent: str | None = None
    parent_step: int | None = None
    """Step of the parent after which its own history begins."""
    birth: Birth
    left_out: str | None = None
    """Of a twin: the request of the parent whose changes it is without."""
    differs: list[Difference] = []
    """What it has otherwise than its parent; of a twin the changes that it is without, turned round."""
    created_at: float


class Lineage(Wire):
    """A run's whole family: where it began, and everything that goes on from there."""

    root: str
    runs: list[LineageRun]
    """Oldest first, so that a parent stands before its children."""
    n_left_out: int = 0
    """Further runs of the family that are not named here; those from the root to the run asked for always are."""
    cursor: str
    """Event id up to which this answer is complete: stream from here."""
