"""G has come to a sharp place of its loss."""

import math
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, factor_knob
from worker.guards._past import smoothed, usual


@guards.register
class Sharpening(guards.Guard):
    """Sharpening: the largest Hessian eigenvalue of G's loss is a multiple of what was usual in this run.

    Usual is the median M of the first `window` values after the warm-up, S their 1.4826 · median absolute deviation;
    found where the median of the newest three values exceeds factor · max(|M|, S). A value that is not finite is not
    judged: `non_finite` does that.

    Source: Durall et al. 2020, arXiv:2012.09673, whose abstract says that mode collapse goes with convergence to sharp
    minima and that the eigenvalues of G are directly correlated with it; the rule and its numbers are ours.
    """

    title: ClassVar[str] = "Sharpening"

    class Params(CalibratedParams):
        """What is read, and how much more than usual it may be."""

        window: int = Field(8, ge=2, le=10_000)
        """Values that make the healthy past."""
        series: str = "hessian.g.top"
        """The series of eigenvalues."""
        factor: float = factor_knob(5.0)
        """Multiple of the usual above which the place counts as sharp."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series of eigenvalues."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        name = self.params.series
        value = look.values.get(name)
        if value is None or not math.isfinite(value):
            return None
        now = smoothed(self, name, value)
        known = usual(self, f"{name}.usual", value, self.params, look.step)
        if known is None:
            return None
        scale = max(abs(known[0]), known[1])
        if now > self.params.factor * scale:
            message = f"largest Hessian eigenvalue {now:.4g}, above {self.params.factor:g} times the usual {scale:.4g}"
            return Finding(message, {name: value, f"{name}.usual": scale})
        return Clear(f"largest Hessian eigenvalue {now:.4g}, usual {scale:.4g}")
