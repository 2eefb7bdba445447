"""The undisturbed run: the same spec and the same changes at the same steps, in one process that nobody kills.

It uses the step alone: no checkpoint, no log, no server. Takes a job as JSON, prints the curves as JSON.
"""

import json
import sys
from collections import defaultdict
from typing import Any

import torch

from benchmarks._study import built
from contract.numbers import dumps
from worker.training.knob_board import KnobBoard
from worker.training.step import train_step

CURVES = ("loss.d", "loss.g")


def curves(job: dict[str, Any]) -> dict[str, list[float]]:
    """Series → its value at every step.

    Args:
        job: the run's `spec`; its `changes`, each with the step at which it came into force; its last `step`.
    """
    game = built(job)
    board = KnobBoard(game)
    due = defaultdict(list)
    for change in job["changes"]:
        due[change["step"]].append(change)
    found: dict[str, list[float]] = {name: [] for name in CURVES}
    for step in range(1, job["step"] + 1):
        for change in due[step]:
            board.set({change["name"]: change["value"]})
        report = train_step(game, step)
        for name, values in found.items():
            values.append(float(torch.as_tensor(report[name]).detach()))
    return found


if __name__ == "__main__":
    sys.stdout.buffer.write(dumps(curves(json.load(sys.stdin))))
