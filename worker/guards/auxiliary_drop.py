"""The label losses fall, and nobody but D believes it."""

import math
import statistics
from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, factor_knob
from worker.guards._past import SMOOTH, remember


@guards.register
class AuxiliaryDrop(guards.Guard):
    """Auxiliary drop: the label losses fall suddenly while the accuracy of samples does not follow.

    With l_t the sum of all label losses at look t (of D's heads on real samples and of G's samples, every attribute,
    unweighted), N the median of the newest three, R the median of the `window` before them; a_t the mean over the
    attributes of the accuracy of samples by the dataset's own classifier, A its newest value, B the median of those
    that go with R: found where N < R / factor, A < knows, and A - B < gain.

    Without the accuracy of samples (no judge) the fall alone is judged, and the message says so. Early in a healthy run
    both fall and rise together, which is why the second half of the rule is there.

    Source: the drop of both label losses at a collapse was reported for conditional faces by a student's project
    (github.com/vsedov/AnimeGans); the rule is ours.
    """

    title: ClassVar[str] = "Auxiliary drop"
    needs: ClassVar[dict[str, Any]] = {"auxiliary": True}
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """What is read, how fast it must fall, and what counts as following."""

        window: int = Field(10, ge=2, le=10_000)
        """Looks before the newest three that losses are compared with."""
        losses: list[str] = Field(["auxiliary.*.loss", "samples.*.loss"])
        """Label losses, as names or patterns (`*`); they are added up."""
        accuracies: list[str] = Field(["samples.*.accuracy"])
        """Accuracies of samples by an independent judge, as names or patterns; their mean is taken."""
        factor: float = factor_knob(2.0)
        """Factor by which the losses must have fallen."""
        gain: float = Field(0.1, ge=0, le=1)
        """Rise of the accuracy at which it has followed."""
        knows: float = Field(0.9, gt=0, le=1)
        """Accuracy at which there is nothing left to follow."""

    params: Params

    def reads(self) -> Sequence[str]:
        """Label losses and accuracies of samples."""
        return [*self.params.losses, *self.params.accuracies]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        losses = look.matching(*self.params.losses)
        total = math.fsum(losses.values()) if losses else math.nan
        if look.step <= self.params.warmup or not math.isfinite(total):
            return None
        accuracies = look.matching(*self.params.accuracies)
        newest = self.memory.get("accuracy", [math.nan])[-1]
        accuracy = statistics.fmean(accuracies.values()) if accuracies else newest
        most = self.params.window + SMOOTH
        totals = remember(self, "losses", total, most)
        known = remember(self, "accuracy", accuracy, most)
        if len(totals) < most:
            return None
        before, now = statistics.median(totals[:-SMOOTH]), statistics.median(totals[-SMOOTH:])
        words = f"label losses {now:.4g}, {before:.4g} before"
        if now >= before / self.params.factor:
            return Clear(words)
        return self._unfollowed(words, {"label losses": now, "label losses.before": before}, known)

    def _unfollowed(self, words: str, evidence: dict[str, float], accuracies: list[float]) -> Finding | Clear:
        earlier = [number for number in accuracies[:-SMOOTH] if math.isfinite(number)]
        now = accuracies[-1]
        if not earlier or not math.isfinite(now):
            return Finding(f"{words}; nothing measures whether samples obey their labels", evidence)
        before = statistics.median(earlier)
        words = f"{words}; accuracy of samples {now:.2f}, {before:.2f} before"
        if now >= self.params.knows or now - before >= self.params.gain:
            return Clear(words)
        return Finding(words, {**evidence, "samples.accuracy": now, "samples.accuracy.before": before})
