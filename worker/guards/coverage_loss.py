"""Modes that the run had found are gone."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, share_knob
from worker.guards._past import against_best


@guards.register
class CoverageLoss(guards.Guard):
    """Coverage loss: fewer modes than a share of the most that this run has had.

    With c_t the number of modes at look t and m_t = median(c_t, c_{t-1}, c_{t-2}), the best is b_t = max of m over all
    looks since the warm-up, taken as known after `window` of them. Found where c_t < share · b_t. Since b_t is a median
    of three looks, one lucky look does not raise it. c_t is an estimate from n samples (see the monitor): near the
    threshold it errs by a mode or so, which is what `patience` is for.

    Nothing is found in a run whose best is below `least`: what was never there cannot be lost.
    """

    title: ClassVar[str] = "Coverage loss"
    needs: ClassVar[dict[str, Any]] = {"judge": True}
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """What is read, and how much of its best may be lost."""

        window: int = Field(4, ge=2, le=10_000)
        """Looks until the best is taken as known."""
        series: str = "modes.captured"
        """Where high is good: modes, coverage, or a pattern (`*`) of such series, each judged against itself."""
        # Of a plain GAN on the grid, 23 modes at best, 15 later, 0.6 called nine dips a loss in 16,000 steps, 0.5 none.
        share: float = share_knob(0.5)
        """Share of the run's own best below which modes count as lost."""
        least: float = Field(3.0, ge=0)
        """Best that a run must have reached, in the unit of the series: 3 modes; 0 for a series of shares."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series that counts modes."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        return against_best(self, look, self.params.series, "modes captured:", least=self.params.least)
