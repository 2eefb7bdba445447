"""Memory of each process over a long run: does it stay where it is?"""

import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from benchmarks._stack import KINDS, Stack
from benchmarks.soak.session import Watched, launched
from benchmarks.soak.watching import Viewer

RECIPE = "xy-game"
"""Its steps are the quickest there are, so that there are many of them in little time."""
STEPS = 200_000
SAMPLE_S = 2.0
SETTLED = 0.25
"""Share of the steps that is left out: caches fill, and the first chunks are written."""
MIB = 1 << 20


def measured(folder: Path, cache: Path, steps: int = STEPS) -> dict[str, Any]:
    """Train so many steps with a viewer that reconnects, and look at every process every two seconds.

    Returns:
        For each kind of process its first and last memory in MiB, and its slope in MiB per 100,000 steps.

    Raises:
        RuntimeError: if the stack does not start or the run does not train.
    """
    stack = Stack(folder, cache)
    stack.start()
    try:
        with stack.client() as client, stack.client() as viewing:
            watched = launched(client, RECIPE, {"steps": steps})
            viewer = Viewer(viewing, watched.run, random.Random(0))
            try:
                looks = _looks(stack, watched)
            finally:
                viewer.stop()
    finally:
        stack.end()
    return {"recipe": RECIPE, "steps": steps, "processes": {kind: summary(looks[kind], steps) for kind in KINDS}}


def summary(looks: Sequence[tuple[int, float]], steps: int) -> dict[str, float]:
    """First and last memory, and the slope by least squares once it has settled.

    Args:
        looks: step and MiB.
        steps: of the whole run.
    """
    settled = [look for look in looks if look[0] >= SETTLED * steps]
    slope = statistics.linear_regression([step for step, _ in settled], [mib for _, mib in settled]).slope
    return {
        "first_mib": round(settled[0][1], 1),
        "last_mib": round(settled[-1][1], 1),
        "slope": round(slope * 100_000, 2),
        "looks": len(settled),
    }


def _looks(stack: Stack, watched: Watched) -> Mapping[str, list[tuple[int, float]]]:
    """Kind of process → step and MiB, until the run has ended."""
    found: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    while (now := watched.now()) is None or now["status"] == "running":
        if now is not None:
            for kind in KINDS:
                with suppress(RuntimeError, psutil.Error):  # the trainer has just ended
                    found[kind].append((now["step"], stack.process(kind).memory_info().rss / MIB))
        time.sleep(SAMPLE_S)
    return found
