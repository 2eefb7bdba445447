"""One run of the study, in a process of its own: `python -m benchmarks.results.one < job.json` prints its figures."""

import json
import sys
import time
from typing import Any

import torch
from torch import Tensor

from benchmarks._study import built, steps
from worker.datasets import Judge, Judgement
from worker.monitors.modes import summary
from worker.training.game import Game
from worker.training.undisturbed import undisturbed
from worker.training.view import View

SAMPLES = 2500
"""What published tables of the plane draw; also for pictures."""
SAMPLES_STACKED = 26_000
"""What published tables of a thousand modes draw."""
CHUNK = 2500
"""Samples that are made and judged at once, so that memory stays small."""
LOOKS = 20
"""How often modes are counted on the way."""


def measured(job: dict[str, Any]) -> dict[str, Any]:
    """Train the job's spec, turn its knobs when it is time, and measure.

    Args:
        job: `spec`, `knobs`, `at`, as in `plan.Job`.

    Returns:
        `metrics` at the end, `history` on the way, `seconds` that training took.
    """
    game = built(job)
    n_steps = game.spec.steps
    history: dict[str, list[float]] = {"step": []}
    every = max(1, n_steps // LOOKS)
    began = time.perf_counter()
    for step, _ in steps(game, job):
        if step % every == 0:
            history["step"].append(step)
            for name, value in look(game, step).items():
                history.setdefault(name, []).append(value)
    seconds = time.perf_counter() - began
    return {"metrics": look(game, n_steps, final=True), "history": history, "seconds": round(seconds, 1)}


def look(game: Game, step: int, *, final: bool = False) -> dict[str, float]:
    """Modes, quality and labels of fresh samples; for a game of scalars, the distances to its solution."""
    with undisturbed(game.networks()):
        view = View(game, "results", step)
        if game.dataset.shape == (1,):
            return _distances(game)
        n = SAMPLES if final or game.dataset.shape == (2,) else SAMPLES // 5
        judge = game.dataset.judge
        if judge is None:
            return {}
        if final and len(judge.mode_names) == 1000:
            n = SAMPLES_STACKED
        judgement, labels = _judged(view, judge, n)
        figures = summary(judgement, len(judge.mode_names))
        if labels is not None:
            right = (judgement.labels == labels).double().mean(0)
            figures |= {
                f"samples.{name}": share.item() for name, share in zip(game.dataset.attributes, right, strict=True)
            }
        return figures


def _judged(view: View, judge: Judge, n: int) -> tuple[Judgement, Tensor | None]:
    """What the judge says of n fresh samples, and the labels they were made for."""
    judgements, labels = [], []
    for size in (min(CHUNK, n - begun) for begun in range(0, n, CHUNK)):
        wanted = view.labels(size, view.generator)
        judgements.append(judge(view.generate(view.latents(size, view.generator), wanted)))
        labels.append(wanted)
    whole = Judgement(
        mode=torch.cat([each.mode.cpu() for each in judgements]),
        good=torch.cat([each.good.cpu() for each in judgements]),
        labels=torch.cat([each.labels.cpu() for each in judgements]),
    )
    given = [each.cpu() for each in labels if each is not None]
    return whole, torch.cat(given) if given else None


def _distances(game: Game) -> dict[str, float]:
    def distance(*players: torch.nn.Module) -> float:
        return sum(float(p.detach().double() ** 2) for player in players for p in player.parameters()) ** 0.5

    averages = game.averaging.sampler(game.G), game.averaging.averaged(game.D)
    return {"distance.last": distance(game.G, game.D), "distance.average": distance(*averages)}


if __name__ == "__main__":
    print(json.dumps(measured(json.load(sys.stdin))))
