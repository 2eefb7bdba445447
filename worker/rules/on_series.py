"""Do something when a series crosses a line."""

import math
import statistics
from collections.abc import Sequence
from typing import ClassVar, Literal

from pydantic import Field

from contract.knobs import knob
from worker import rules
from worker.guards import Clear, Finding, Look
from worker.guards._past import SMOOTH, remember
from worker.rules._doing import DoingParams, DoingRule

When = Literal["below", "above", "drops", "rises"]


@rules.register
class OnSeries(DoingRule):
    """On a series: when it falls below a line, rises above it, drops or rises by a share, do that.

    With N the median of the newest three looks and B the median of the `window` looks before them, found where

        below: N < threshold, above: N > threshold, drops: N < (1 - threshold) · B, rises: N > (1 + threshold) · B.

    Looks at which the series was not measured, or is not finite, do not count. B ≤ 0 is nothing to drop or rise from.
    """

    title: ClassVar[str] = "On a series"

    class Params(DoingParams):
        """Which series, which line, and what is done."""

        series: str = Field("loss.d", min_length=1)
        """Name of one scalar series that this run has: of the step, or of a monitor with a fixed interval."""
        when: When = "below"
        """Against the line itself (below, above), or against its own recent past by a share (drops, rises)."""
        threshold: float = knob(0.1)
        """The line, in the series' own unit; of drops and rises, a share: 0.5 is by half."""
        warmup: int = Field(500, ge=0, le=1_000_000_000)
        """Steps at the start that are not read."""
        window: int = Field(20, ge=2, le=10_000)
        """Looks that a drop or rise is compared with."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        value = look.values.get(self.params.series, math.nan)
        if look.step <= self.params.warmup or not math.isfinite(value):
            return None
        compares = self.params.when in ("drops", "rises")
        most = self.params.window + SMOOTH if compares else SMOOTH
        kept = remember(self, "series", value, most)
        if len(kept) < most:
            return None
        now = statistics.median(kept[-SMOOTH:])
        before = statistics.median(kept[:-SMOOTH]) if compares else math.nan
        evidence = {self.params.series: now, **({f"{self.params.series}.before": before} if compares else {})}
        words = f"{self.params.series} {now:.4g}{f', {before:.4g} before' if compares else ''}"
        return Finding(f"{words}: {self._line()}", evidence) if self._is_crossed(now, before) else Clear(words)

    def _is_crossed(self, now: float, before: float) -> bool:
        threshold = self.params.threshold
        match self.params.when:
            case "below":
                return now < threshold
            case "above":
                return now > threshold
            case "drops":
                return before > 0 and now < (1 - threshold) * before
            case "rises":
                return before > 0 and now > (1 + threshold) * before

    def _line(self) -> str:
        threshold = self.params.threshold
        if self.params.when in ("drops", "rises"):
            return f"{self.params.when} by more than {threshold:.0%}"
        return f"{self.params.when} {threshold:.4g}"
