"""How good an alarm is: the arithmetic of the report, which knows neither guards nor files."""

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.watch_study.label import Span

HORIZON = 1000
"""Steps before a collapse's onset from which an alarm counts as seeing it; an earlier one was about something else."""


@dataclass(frozen=True)
class Watched:
    """One run as one guard saw it."""

    steps: int
    spans: Sequence[Span]
    alarms: Sequence[int]
    """Steps at which its alarm was raised."""


@dataclass(frozen=True)
class Score:
    """One guard over all runs."""

    n_collapsed: int
    """Runs that collapse."""
    n_seen: int
    """Of those, runs in which an alarm was raised for the first collapse."""
    n_alarms: int
    n_true: int
    """Alarms that were raised for a collapse."""
    leads: Sequence[int]
    """Of each run in which it was seen: steps from the first alarm for it to the onset; negative: after it."""
    healthy_steps: int
    n_healthy: int
    """Runs that do not collapse."""
    n_silent: int
    """Of those, runs without an alarm."""

    @property
    def recall(self) -> float:
        """Share of the runs that collapse in which it was seen; NaN without any."""
        return self.n_seen / self.n_collapsed if self.n_collapsed else math.nan

    @property
    def precision(self) -> float:
        """Share of the alarms that were raised for a collapse; NaN without any."""
        return self.n_true / self.n_alarms if self.n_alarms else math.nan

    @property
    def false_per_10000(self) -> float:
        """False alarms per 10,000 healthy steps."""
        return (self.n_alarms - self.n_true) / self.healthy_steps * 10_000 if self.healthy_steps else math.nan

    @property
    def median_lead(self) -> float:
        """Median lead in steps; NaN where none was seen."""
        return statistics.median(self.leads) if self.leads else math.nan


def score(runs: Sequence[Watched]) -> Score:
    """One guard's figures over all runs."""
    collapsed = [run for run in runs if run.spans]
    firsts = [_for(run, run.spans[0]) for run in collapsed]
    leads = [run.spans[0].onset - alarms[0] for run, alarms in zip(collapsed, firsts, strict=True) if alarms]
    n_true = sum(any(_covers(span, alarm) for span in run.spans) for run in runs for alarm in run.alarms)
    return Score(
        n_collapsed=len(collapsed),
        n_seen=len(leads),
        n_alarms=sum(len(run.alarms) for run in runs),
        n_true=n_true,
        leads=leads,
        healthy_steps=sum(healthy_steps(run) for run in runs),
        n_healthy=len(runs) - len(collapsed),
        n_silent=sum(not run.spans and not run.alarms for run in runs),
    )


def healthy_steps(run: Watched) -> int:
    """Steps of a run in which an alarm would be false: outside of every collapse and of its horizon."""
    counted, until = 0, 0
    for span in run.spans:
        counted += max(0, span.onset - HORIZON - until)
        until = max(until, span.end)
    return counted + max(0, run.steps - until)


def _covers(span: Span, alarm: int) -> bool:
    return span.onset - HORIZON <= alarm <= span.end


def _for(run: Watched, span: Span) -> list[int]:
    return [alarm for alarm in run.alarms if _covers(span, alarm)]


def interval(successes: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share; (0, 1) where nothing was counted.

    Wilson 1927, doi:10.1080/01621459.1927.10502953, with z = 1.96.
    """
    if n == 0:
        return 0.0, 1.0
    z, share = 1.96, successes / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, middle - half), min(1.0, middle + half)
