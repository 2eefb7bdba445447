"""Nothing moves any more."""

import math
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, share_knob
from worker.guards._past import median_and_spread, remember, usual


@guards.register
class Stagnation(guards.Guard):
    """Stagnation: losses and logits vary by less than a share of what they varied by in the run's healthy window.

    Of each series, S_0 is 1.4826 · the median absolute deviation of the first `window` values after the warm-up, S_t
    that of the newest `window`. Found where S_t ≤ share · S_0 for every series that is read; batches alone keep
    these numbers moving as long as gradients do. A game that has converged to its solution is found too: it does not
    move either.
    """

    title: ClassVar[str] = "Stagnation"
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """What is read, and how still it may be."""

        series: list[str] = Field(["loss.d", "loss.g", "logit.real", "logit.fake"])
        """Names of series, or patterns (`*`); all of them must stand still."""
        share: float = share_knob(0.01)
        """Share of the healthy window's spread at which a series counts as standing still."""

    params: Params

    def reads(self) -> Sequence[str]:
        """Losses and logits."""
        return self.params.series

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        shares, spreads = [], {}
        for name, value in look.values.items():
            known = usual(self, f"{name}.usual", value, self.params, look.step)
            if known is None or not math.isfinite(value):
                continue
            newest = remember(self, name, value, self.params.window)
            if len(newest) == self.params.window:
                spreads[f"{name}.spread"] = spread = median_and_spread(newest)[1]
                shares.append(spread / known[1] if known[1] > 0 else 0.0 if spread == 0 else math.inf)
        if not shares or len(shares) < len(look.values):
            return None
        if max(shares) <= self.params.share:
            return Finding(f"losses and logits vary by at most {max(shares):.2%} of what they did", spreads)
        return Clear("losses and logits move")
