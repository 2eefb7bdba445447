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
    Nothing is found where the best is below `least`: the samples of a young G differ as much from look to look.

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
        least: float = Field(0.5, ge=0)
        """Best that a run must have reached, in the unit of the series: half of the distance of real samples."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series of distances."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        return against_best(
            self,
            look,
            self.params.series,
            "distance of two samples over that of two real ones:",
            least=self.params.least,
        )
