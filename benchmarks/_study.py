"""What studies of many runs share: their options, the file that finished runs are kept in, and the run itself."""

import argparse
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from benchmarks._processes import commit
from benchmarks._ratios import default_cache, machine
from contract.spec import RunSpec
from worker.trainer import repeatable
from worker.training.game import Game, build
from worker.training.knob_board import KnobBoard
from worker.training.step import train_step

Line = dict[str, Any]  # one finished run
OFF = (("rules", []), ("plan", []))


def parser(module: str, description: str | None) -> argparse.ArgumentParser:
    """The options that every study has."""
    options = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    options.add_argument("--minutes", type=float, default=float("inf"), help="start no run after that time")
    options.add_argument("--at-once", type=int, default=len(os.sched_getaffinity(0)), help="runs at once")
    options.add_argument("--report-only", action="store_true", help="run nothing")
    return options


def read(path: Path) -> list[Line]:
    """The finished runs of a file; none when there is no file."""
    lines = path.read_text().splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]  # one cut off in the middle is run again


def spoken(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec without what changes no number, and without later parts that are switched off in it.

    A result that was measured before there were rules, plans and frozen players is one without any.
    """
    said = {name: value for name, value in spec.items() if name != "watching" and (name, value) not in OFF}
    game = {name: value for name, value in spec["game"].items() if not (name.startswith("freeze_") and value is False)}
    return {**said, "game": game}


def append(path: Path, about: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Keep a finished run: what it was, what was found, and where."""
    line = {**about, **found, "machine": machine(), "commit": commit(path.parent)}
    with path.open("a") as file:
        file.write(json.dumps(line) + "\n")


def built(job: Mapping[str, Any]) -> Game:
    """The game of the job's `spec`, on one thread, and on a GPU with a trainer's own settings."""
    torch.set_num_threads(1)
    repeatable()
    return build(RunSpec.model_validate(job["spec"]), default_cache())


def steps(game: Game, job: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Tensor | float]]]:
    """Train the game to its end, and turn the job's `knobs` after the step `at`.

    Yields:
        The step that has just ended, and what it reported.
    """
    board = KnobBoard(game)
    for step in range(1, game.spec.steps + 1):
        if step == job["at"] + 1:
            board.set(job["knobs"])
        yield step, train_step(game, step)
