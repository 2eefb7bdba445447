"""Ramps: a knob that moves to its new value over several steps."""

import math
from typing import Literal

from pydantic import Field

from contract.knobs import KnobValue
from contract.numbers import Wire

Shape = Literal["linear", "cosine"]
MOST_STEPS = 1_000_000_000


class Wish(Wire):
    """What is wanted of a knob: a value, at once or over several steps."""

    to: KnobValue
    over: int = Field(1, ge=1, le=MOST_STEPS)
    """Steps over which the knob moves there; 1: at once."""
    shape: Shape = "linear"
    """How it moves: evenly, or slowly at both ends."""


class Ramp(Wire):
    """A knob on its way: from one value, which it had before the step `start`, to another."""

    name: str
    start: int
    """First step with a moved value."""
    old: float
    new: float
    over: int
    shape: Shape
    is_whole: bool = False
    """True for a knob that takes whole numbers only."""

    def at(self, step: int) -> int | float:
        """The value in force at a step.

        With t = (step - start + 1) / over, held to [0, 1]:

        old + (new - old) · t, or with (1 - cos πt) / 2 in the place of t; rounded where numbers must be whole.

        >>> [Ramp(name="k", start=5, old=0, new=1, over=4, shape="linear").at(step) for step in (4, 5, 6, 8, 99)]
        [0.0, 0.25, 0.5, 1.0, 1.0]
        """
        t = min(max((step - self.start + 1) / self.over, 0.0), 1.0)
        share = t if self.shape == "linear" else (1 - math.cos(math.pi * t)) / 2
        value = self.new if t == 1.0 else self.old + (self.new - self.old) * share
        return round(value) if self.is_whole else value

    @property
    def last(self) -> int:
        """Step from which on the new value is in force."""
        return self.start + self.over - 1
