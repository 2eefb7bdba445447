"""Training: watching on against off, the loop against one written by hand, and what reporting costs."""

import os
import statistics
import time
from collections.abc import Iterator, Mapping

import torch
import torch.nn.functional as F

from benchmarks._ratios import Ratio, by_turns, default_cache
from contract.jobs import TrainJob
from contract.needs import facts
from contract.resolve import SMALL, merge, resolve
from contract.spec import RunSpec
from worker.catalogue import build_catalogue
from worker.training.attempt import Attempt, Machine
from worker.training.control import Request
from worker.training.game import Game, build
from worker.training.reporter import LogReporter, Value

STEPS_SMALL, STEPS_IMAGE = 3000, 500
"""A round: most monitors look several times in it."""
ROUNDS = 3


class Silence:
    """Nobody asks for anything, nothing is kept, but when each step begins."""

    def __init__(self) -> None:
        self.began: list[float] = []
        """Processor time at the boundary before each step."""

    def take(self) -> list[Request]:
        self.began.append(time.process_time())
        return []

    def wait(self, timeout_s: float) -> None:
        return

    def put(self, name: str, content: bytes) -> None:
        return

    def get(self, name: str) -> bytes:
        raise FileNotFoundError(name)


def spec_of(recipe: str, overrides: Mapping[str, object]) -> RunSpec:
    """A recipe's spec, resolved, with changes."""
    catalogue = build_catalogue()
    return resolve(RunSpec.model_validate(merge(catalogue.recipe(recipe).spec, overrides)), catalogue)


def is_small(recipe: str) -> bool:
    """Whether its samples are points or numbers, whose steps take about 2 ms."""
    catalogue = build_catalogue()
    return facts(spec_of(recipe, {}), catalogue).get("sample") in SMALL


def steps_of(recipe: str) -> int:
    """Steps a round, and one that is not counted."""
    return (STEPS_SMALL if is_small(recipe) else STEPS_IMAGE) + 1


def seconds_of(spec: RunSpec) -> float:
    """Seconds of processor time that the loop takes for all steps of a spec but the last.

    On one thread that is the time that passes, without what other programs of the machine take of it. Not counted are
    building, and the looks of everything before the first step and after the last, which only a short run would feel.
    """
    silence = Silence()
    reporter = LogReporter("bench", 1, lambda batch: None, lambda error: None)
    machine = Machine(default_cache(), silence, 1e9, 1)
    attempt = Attempt(TrainJob(run="bench", attempt=1, spec=spec), machine, reporter, silence)
    attempt.run()
    reporter.close()
    return silence.began[-1] - silence.began[0]


def watching(recipe: str) -> Ratio:
    """Steps a second with the recipe's monitors and guards, over steps a second with none."""
    steps = steps_of(recipe)
    on, off = spec_of(recipe, {"steps": steps}), spec_of(recipe, {"steps": steps, "monitors": [], "guards": []})
    value, spread = by_turns(ROUNDS if is_small(recipe) else 1, lambda: seconds_of(off), lambda: seconds_of(on))
    target = 0.80 if is_small(recipe) else 0.90
    return Ratio(
        f"watching on / off, {recipe}", f">= {target}", value, spread, value >= target, f"{steps - 1} steps a round"
    )


def by_hand(game: Game, steps: int) -> float:
    """Seconds of a loop that a person would write for the non-saturating game, on the same networks and batch."""
    G, D, batch = game.G, game.D, game.spec.batch
    adam = {"lr": 2e-4, "betas": (0.5, 0.999), "fused": True}
    opt_g, opt_d = torch.optim.Adam(G.parameters(), **adam), torch.optim.Adam(D.parameters(), **adam)
    began = time.process_time()
    for _ in range(steps):
        real, _ = game.data.next(batch)
        with torch.no_grad():
            fake = G(torch.randn(batch, game.network.z_dim), None)
        loss_d = F.softplus(-D(real, None).logits).mean() + F.softplus(D(fake, None).logits).mean()
        opt_d.zero_grad(set_to_none=True)
        loss_d.backward()
        opt_d.step()
        D.requires_grad_(False)
        loss_g = F.softplus(-D(G(torch.randn(batch, game.network.z_dim), None), None).logits).mean()
        opt_g.zero_grad(set_to_none=True)
        loss_g.backward()
        opt_g.step()
        D.requires_grad_(True)
    return time.process_time() - began


def bare_loop(recipe: str) -> Ratio:
    """Steps a second of our loop without monitors, over those of a loop written by hand."""
    steps = steps_of(recipe)
    changes = {"steps": steps, "monitors": [], "guards": [], "regularisers": [], "conditioning": {"name": "none"}}
    spec = spec_of(recipe, {**changes, "loss": {"name": "nonsaturating"}})
    cache = default_cache()
    seconds_of(spec)
    value, spread = by_turns(ROUNDS, lambda: by_hand(build(spec, cache), steps - 1), lambda: seconds_of(spec))
    name = f"bare loop / loop by hand, networks of {recipe}"
    return Ratio(name, ">= 0.97", value, spread, value >= 0.97, f"{steps - 1} steps a round, both with fused Adam")


def reporting() -> Ratio:
    """Microseconds that reporting ten scalars costs the loop a step."""
    reporter = LogReporter("bench", 1, lambda batch: None, lambda error: None)
    values: dict[str, Value] = {f"series.{i}": torch.tensor(float(i)) for i in range(10)}
    costs = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for step in range(2000):
            reporter.scalars(step, values)
        costs.append((time.perf_counter() - began) / 2000 * 1e6)
        time.sleep(0.5)
    reporter.close()
    value = statistics.median(costs)
    peers = "stored figures of other tools: TensorBoard 498, W&B offline 114, trackio 26"
    return Ratio("reporting 10 scalars, us a step", "<= 2", value, (min(costs), max(costs)), value <= 2, peers)


def measure() -> Iterator[Ratio]:
    """All of them, with as many threads as a trainer would have here."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
    yield reporting()
    yield from (bare_loop(recipe) for recipe in ("ring-collapse", "digits-dcgan"))
    yield from (watching(recipe.name) for recipe in build_catalogue().recipes if recipe.device == "cpu")
