"""Instruments: what one look costs, against one step of training of the same networks; in processor time, on the CPU.

A look takes milliseconds: in elapsed time it would mostly say who else uses the machine.
"""

import os
import statistics
import time
from collections.abc import Callable, Iterator

import torch

from benchmarks._ratios import Ratio, by_turns, default_cache
from benchmarks.training import spec_of
from worker import monitors
from worker.monitors.spectra import spectra_of
from worker.training.game import Game, build
from worker.training.step import train_step
from worker.training.undisturbed import undisturbed
from worker.training.view import View

WIDTHS = {16: 0.03, 32: 0.03, 64: 0.05}
"""Width of DCGAN at 32 pixels, with a spectrally normalised D → share of a step that D's spectra may take."""
ROUNDS = 7
A_ROUND_S = 0.5
"""How long each side is repeated in a round: one step or one look alone is too short to time."""


def dcgan(width: int) -> Game:
    """A game of digits at 32 pixels, at its first step."""
    changes = {
        "dataset": {"size": 32},
        "network": {"width": width, "normalisation": "none"},
        "regularisers": [{"name": "spectral_norm"}],
        "monitors": [],
        "device": "cpu",
    }
    return build(spec_of("digits-dcgan", changes), default_cache())


def seconds_of(once: Callable[[], object]) -> float:
    """Mean seconds of processor time of one call, over as many as fit into a round."""
    began, calls = time.process_time(), 0
    while (took := time.process_time() - began) < A_ROUND_S:
        once()
        calls += 1
    return took / calls


def spectra(width: int) -> Ratio:
    """Seconds of all singular values of D's layers, over those of a whole step of both players."""
    game, monitor = dcgan(width), monitors.family.create("spectra", {})
    steps = iter(range(1, 1_000_000))

    def step() -> None:
        train_step(game, next(steps))

    def of_d() -> None:
        with undisturbed([game.D]):
            spectra_of(game.D)

    def whole_look() -> None:
        with undisturbed([game.G, game.D]):
            monitor.measure(View(game, "spectra", 1))

    step(), whole_look()
    value, spread = by_turns(ROUNDS, lambda: seconds_of(of_d), lambda: seconds_of(step))
    whole = statistics.median(seconds_of(whole_look) for _ in range(3)) / seconds_of(step)
    share = f"a whole look at both players, with its {monitor.params.every} steps between: {whole:.3f} of a step"
    target = WIDTHS[width]
    return Ratio(f"spectra of D / step, DCGAN-{width}", f"<= {target}", value, spread, value <= target, share)


def measure() -> Iterator[Ratio]:
    """All of them, with as many threads as a trainer would have here."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
    yield from (spectra(width) for width in WIDTHS)
