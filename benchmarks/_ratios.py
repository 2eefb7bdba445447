"""How a ratio is measured here: both sides in one process, by turns, and the median of the rounds."""

import os
import platform
import statistics
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Ratio:
    """One promise as measured."""

    promise: str
    target: str
    value: float
    spread: tuple[float, float]
    """Least and greatest of the rounds."""
    kept: bool
    details: str = ""

    def line(self) -> str:
        """A row of the table."""
        low, high = self.spread
        word = "kept" if self.kept else "NOT KEPT"
        return f"| {self.promise} | {self.target} | {self.value:.3f} ({low:.3f}-{high:.3f}) | {word} | {self.details} |"


HEADER = "| promise | target | measured: median (range) | | details |\n|---|---|---|---|---|"


def by_turns(rounds: int, one: Callable[[], float], other: Callable[[], float]) -> tuple[float, tuple[float, float]]:
    """Median and range of one() / other(), each round measuring both, in alternating order."""
    ratios = []
    for turn in range(rounds):
        if turn % 2:
            below = other()
            above = one()
        else:
            above, below = one(), other()
        ratios.append(above / below)
    return statistics.median(ratios), (min(ratios), max(ratios))


def default_cache() -> Path:
    """Where prepared datasets are: the same folder that `make run` uses."""
    return Path(os.environ.get("MODESCOPE_CACHE", "data/cache")).resolve()


def machine() -> str:
    """What the figures were taken on: with a GPU where one is seen, for then `device: auto` trains there."""
    cores = len(os.sched_getaffinity(0))
    gpu = [torch.cuda.get_device_name()] if torch.cuda.is_available() else []
    versions = f"Python {platform.python_version()}, torch {torch.__version__}"
    return ", ".join([*gpu, f"{cores} cores, {platform.machine()}", versions])
