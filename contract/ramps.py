"""Ramps: a knob that moves to its new value over several steps, or has it for several steps."""

import math
from typing import Literal

from pydantic import Field

from contract.knobs import KnobValue
from contract.numbers import Wire

Shape = Literal["linear", "cosine", "pulse"]
SHAPES = '"linear", "cosine" or "pulse"'
"""For people."""
MOST_STEPS = 1_000_000_000


class Wish(Wire):
    """What is wanted of a knob: a value, at once or over several steps."""

    to: KnobValue
    over: int = Field(1, ge=1, le=MOST_STEPS)
    """Steps over which the knob moves there; 1: at once. Of a pulse: steps for which it stays there."""
    shape: Shape = "linear"
    """How it moves: evenly (linear), slowly at both ends (cosine), or there at once and back afterwards (pulse)."""


def takes_time(over: int, shape: Shape) -> bool:
    """Whether a knob is on its way after the first step of a change."""
    return over > 1 or shape == "pulse"


def last_step(start: int, over: int, shape: Shape) -> int:
    """Step from which on nothing of a change that took place before step `start` moves any more.

    >>> last_step(5, 1, "linear"), last_step(5, 4, "cosine"), last_step(5, 4, "pulse")
    (5, 8, 9)
    """
    return start + over - (shape != "pulse")


class Ramp(Wire):
    """A knob on its way: from one value, which it had before the step `start`, to another."""

    name: str
    start: int
    """First step with a changed value."""
    old: KnobValue
    new: KnobValue
    over: int
    shape: Shape
    is_whole: bool = False
    """True for a knob that takes whole numbers only."""

    def at(self, step: int) -> KnobValue:
        """The value in force at a step.

        A pulse: new in the steps start to start + over - 1, old before and after. Else, with
        t = (step - start + 1) / over, held to [0, 1]:

        old + (new - old) · t, or with (1 - cos πt) / 2 in the place of t; rounded where numbers must be whole.

        >>> [Ramp(name="k", start=5, old=0, new=1, over=4, shape="linear").at(step) for step in (4, 5, 6, 8, 99)]
        [0.0, 0.25, 0.5, 1.0, 1.0]
        >>> [Ramp(name="k", start=5, old=0, new=1, over=4, shape="pulse").at(step) for step in (4, 5, 8, 9, 99)]
        [0, 1, 1, 0, 0]
        """
        if self.shape == "pulse":
            return self.new if self.start <= step < self.start + self.over else self.old
        t = min(max((step - self.start + 1) / self.over, 0.0), 1.0)
        share = t if self.shape == "linear" else (1 - math.cos(math.pi * t)) / 2
        value = float(self.new) if t == 1.0 else self.old + (self.new - self.old) * share
        return round(value) if self.is_whole else value

    @property
    def last(self) -> int:
        """Step from which on it moves no more."""
        return last_step(self.start, self.over, self.shape)
