"""Losses or gradients explode."""

import math
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, factor_knob
from worker.guards._past import median_and_spread, remember


@guards.register
class Divergence(guards.Guard):
    """Divergence: a loss or a gradient norm is far above what it was of late.

    Of each series, |x_t| against the newest `window` values before it that were not found themselves: with M their
    median and S = max(1.4826 · median absolute deviation, M / 4), found where |x_t| > M + factor · S, that is at least
    1 + factor / 4 times the median, or where x_t is not finite. The past follows a slow drift and not a jump; a
    jump that has lasted `window` looks is taken for the new usual, and the message says so.
    """

    title: ClassVar[str] = "Divergence"
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """What is read, and how far it may go."""

        series: list[str] = Field(["loss.d", "loss.g", "gradient.*.norm"])
        """Names of series, or patterns (`*`); each is judged against itself."""
        factor: float = factor_knob(30.0)
        """Spreads above the median at which a series counts as diverging."""

    params: Params

    def reads(self) -> Sequence[str]:
        """Losses and gradient norms."""
        return self.params.series

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        if look.step <= self.params.warmup:
            return None
        outcomes = [self._one(name, value) for name, value in look.values.items()]
        found = [each for each in outcomes if isinstance(each, Finding)]
        if found:
            evidence = {name: number for each in found for name, number in each.evidence.items()}
            return Finding("; ".join(each.message for each in found), evidence)
        clear = [each for each in outcomes if each is not None]
        return min(clear, key=lambda each: each.message == _USUAL) if clear else None

    def _one(self, name: str, value: float) -> Finding | Clear | None:
        kept, size = self.memory.get(name, []), abs(value)
        if len(kept) < self.params.window:
            if not math.isfinite(size):
                return Finding(f"{name} is {value}", {name: value})
            remember(self, name, size, self.params.window)
            return None
        middle, spread = median_and_spread(kept)
        limit = middle + self.params.factor * max(spread, middle / 4)
        if size <= limit:
            remember(self, name, size, self.params.window)
            self.memory.pop(f"{name}.found", None)
            return Clear(_USUAL)
        return self._beyond(name, value, middle)

    def _beyond(self, name: str, value: float, middle: float) -> Finding | Clear:
        found = remember(self, f"{name}.found", abs(value), self.params.window)
        if len(found) == self.params.window and all(math.isfinite(number) for number in found):
            self.memory[name] = self.memory.pop(f"{name}.found")
            return Clear(f"{name} has stayed at {value:.4g} for {len(found)} looks: taken for usual from now on")
        return Finding(f"{name} is {value:.4g}; its median was {middle:.4g}", {name: value, f"{name}.median": middle})


_USUAL = "losses and gradients are as usual"
