"""Samples have become alike."""

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, share_knob
from worker.guards._past import against_best


@guards.register
class DiversityLoss(guards.Guard):
    """Diversity loss: samples lie closer together than a share of the farthest that they were in this run.

    The series is the mean distance of two samples over that of two real ones. Its best is the greatest median of
    three looks in a row since the warm-up, taken as known after `window` looks; found where it is below share · best.
    It needs no judge and no labels, so it also watches data whose modes nobody knows. It cannot see the loss of a few
    modes of many: eight modes on a ring that become four in a row keep about two thirds of their distance.
    """

    title: ClassVar[str] = "Diversity loss"
    needs: ClassVar[dict[str, Any]] = {"sample": ["points", "image"]}
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """What is read, and how much of its best may be lost."""

        window: int = Field(4, ge=2, le=10_000)
        """Looks until the best is taken as known."""
        series: str = "diversity.ratio"
        """Where high is good; or a pattern (`*`) of such series, each judged against itself."""
        share: float = share_knob(0.5)
        """Share of the run's own best below which samples count as alike."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series of distances."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        return against_best(self, look, self.params.series, "distance of two samples over that of two real ones:")
