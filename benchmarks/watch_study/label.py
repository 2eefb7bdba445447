"""What a collapse is. Written before any guard's numbers were chosen; it knows no guard, and reads modes only."""

from collections.abc import Sequence
from dataclasses import dataclass

SHARE = 0.5
"""Of the run's own maximum of modes captured: below it a look is low."""
AT_LEAST = 2
"""Modes that a run must have had at some look: one that never had two has none to lose."""
LOOKS = 5
"""Consecutive low looks that make a collapse."""


@dataclass(frozen=True)
class Span:
    """A collapse: from the first low look to the last."""

    onset: int
    """Step of its first low look: half of the modes are gone."""
    end: int
    """Step of its last low look."""


def collapses(steps: Sequence[int], captured: Sequence[float]) -> list[Span]:
    """Every span of at least `LOOKS` consecutive looks with less than `SHARE` of the run's own maximum.

    Looks before the run first had that share are left out: modes that were not found yet are not lost. The maximum is
    that of the whole run.

    Args:
        steps: of the looks, rising.
        captured: modes at each look.

    Returns:
        The spans, in order; none for a healthy run.
    """
    if max(captured, default=0) < AT_LEAST:
        return []
    limit = SHARE * max(captured)
    first = next(index for index, modes in enumerate(captured) if modes >= limit)
    spans: list[Span] = []
    low: list[int] = []
    for step, modes in [*zip(steps[first:], captured[first:], strict=True), (steps[-1], limit)]:
        if modes < limit:
            low.append(step)
            continue
        if len(low) >= LOOKS:
            spans.append(Span(low[0], low[-1]))
        low = []
    return spans
