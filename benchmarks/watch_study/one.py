"""One run of the study, in a process of its own: `python -m benchmarks.watch_study.one < job.json` prints its series.

Nothing is judged here: what guards could read is written down, and they are replayed on it afterwards.
"""

import json
import math
import sys
import time
from typing import Any

from torch import Tensor

from benchmarks._study import built, steps
from benchmarks.watch_study.plan import EVERY
from worker.training.game import Game
from worker.training.reporter import fetch
from worker.training.undisturbed import undisturbed
from worker.training.view import View

DIGITS = 6
"""Significant digits that are kept."""


def measured(job: dict[str, Any]) -> dict[str, Any]:
    """Train the job's spec, turn its knobs when it is time, and write down every number at every look.

    Args:
        job: `spec`, `knobs`, `at`, as in `plan.Job`.

    Returns:
        `looks`: a list of {step, values}; `seconds` that all of it took. NaN and infinities as Python's JSON has them.
    """
    game = built(job)
    looks, began = [], time.perf_counter()
    for step, report in steps(game, job):
        if step % EVERY == 0:
            looks.append({"step": step, "values": look(game, step, report)})
    return {"looks": looks, "seconds": round(time.perf_counter() - began, 1)}


def look(game: Game, step: int, report: dict[str, Tensor | float]) -> dict[str, float]:
    """All numbers of this step, and of the monitors that are due."""
    values: dict[str, Tensor | float] = dict(report)
    for monitor in game.monitors:
        if step % monitor.params.every == 0:
            with undisturbed(game.networks()):
                values |= monitor.measure(View(game, monitor.entry, step)).scalars
    return dict(zip(values, (rounded(number) for number in fetch(list(values.values()))), strict=True))


def rounded(number: float) -> float:
    """With `DIGITS` significant digits."""
    return float(f"{number:.{DIGITS}g}") if math.isfinite(number) else number


if __name__ == "__main__":
    print(json.dumps(measured(json.load(sys.stdin))))
