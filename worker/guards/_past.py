"""A run's own past, as guards use it: the best that it was, and what was usual."""

import math
import statistics
from collections.abc import Sequence

from worker.guards import CalibratedParams, Clear, Finding, Guard, Look

MAD_TO_SD = 1.4826
"""The median absolute deviation of normally distributed numbers, times this, is their standard deviation."""
SMOOTH = 3
"""Looks whose median stands for "now": one odd look neither makes nor hides a finding."""


def remember(guard: Guard, name: str, value: float, most: int) -> list[float]:
    """Append to what the guard remembers under that name, drop what is older than `most` numbers, and give it."""
    kept = [*guard.memory.get(name, []), value][-most:]
    guard.memory[name] = kept
    return kept


def smoothed(guard: Guard, name: str, value: float) -> float:
    """Median of the newest `SMOOTH` values under that name, this one among them."""
    return statistics.median(remember(guard, f"{name}.newest", value, SMOOTH))


def best_so_far(guard: Guard, name: str, value: float, params: CalibratedParams, step: int) -> float | None:
    """The greatest median of three looks in a row since the warm-up; None until `window` looks were counted.

    Args:
        guard: whose memory keeps it.
        name: the series.
        value: what it is at this look; a number that is not finite does not count.
        params: warm-up and window.
        step: the step of this look.

    Returns:
        The best, in the series' own unit.
    """
    if step <= params.warmup or not math.isfinite(value):
        return None
    now = smoothed(guard, name, value)
    best, n_looks = guard.memory.get(f"{name}.best", [-math.inf, 0.0])
    best, n_looks = max(best, now), n_looks + 1
    guard.memory[f"{name}.best"] = [best, n_looks]
    return best if n_looks >= params.window else None


def usual(guard: Guard, name: str, value: float, params: CalibratedParams, step: int) -> tuple[float, float] | None:
    """Median and scaled MAD of the first `window` finite values after the warm-up; None until they are there.

    The healthy window is fixed: what a run becomes later is not taken for its health. This look's value is counted
    only while the window is being filled.
    """
    if step <= params.warmup:
        return None
    kept = guard.memory.get(name, [])
    if len(kept) >= params.window:
        return median_and_spread(kept)
    if math.isfinite(value):
        remember(guard, name, value, params.window)
    return None


def median_and_spread(values: Sequence[float]) -> tuple[float, float]:
    """Median, and 1.4826 × the median absolute deviation from it."""
    middle = statistics.median(values)
    return middle, MAD_TO_SD * statistics.median(abs(value - middle) for value in values)


def against_best(guard: Guard, look: Look, pattern: str, words: str, *, least: float = 0.0) -> Finding | Clear | None:
    """Whether the series that fit the pattern are below `params.share` of the run's own best; the worst one speaks.

    Args:
        guard: its params are a `CalibratedParams` with a `share`.
        look: what it sees.
        pattern: of the series that are judged, each against its own best.
        words: what the series is, in plain words.
        least: a best that is not above 0, or below this, is nothing to compare with.

    Returns:
        None while every best is still being established, or where nothing new was measured.
    """
    judged = []
    for name, value in look.matching(pattern).items():
        best = best_so_far(guard, name, value, guard.params, look.step)
        if best is not None and best > 0 and best >= least:
            judged.append((value / best, name, value, best))
    if not judged:
        return None
    share, name, value, best = min(judged)
    numbers = f"{words} {value:.4g}, {share:.0%} of the run's own best {best:.4g}"
    if share < guard.params.share:
        return Finding(f"{numbers}, less than {guard.params.share:.0%}", {name: value, f"{name}.best": best})
    return Clear(numbers)
