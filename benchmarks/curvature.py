"""Curvature: what a product with the Hessian costs, and how many a look takes, cold and tracking."""

import os
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch

from benchmarks._ratios import Ratio, by_turns, default_cache
from benchmarks.training import spec_of
from contract.spec import Player
from worker.curvature.jacobian import JacobianOperator
from worker.curvature.lanczos import Extremes, extremes, largest_angle, start_near
from worker.curvature.products import HessianOperator
from worker.monitors.hessian import TOLERANCE
from worker.training.game import Game, build
from worker.training.lookahead import own_loss, own_losses
from worker.training.step import train_step

RECIPES = {"ring-gan": 30, "digits-dcgan": 6}
"""Recipe → products, and steps, that are timed at once."""
PLAYERS: tuple[Player, Player] = ("G", "D")
TRAINED = {"ring-gan": 3000, "digits-dcgan": 300}
"""Steps before the first look."""
GAPS = (50, 100, 200)
"""Steps between looks."""
ROUNDS = 5
COLD, TRACKING = 30, 12
"""The promises: products for the top five."""


def made(recipe: str) -> Game:
    """A recipe's game, without monitors."""
    return build(spec_of(recipe, {"monitors": []}), default_cache())


def hessian(game: Game, player: Player) -> HessianOperator:
    """Of the player's own loss, at the weights as they are."""
    return HessianOperator(lambda: own_loss(game, player, 1), game.weights[player])


def jacobian(game: Game) -> JacobianOperator:
    """Of both losses in all weights."""

    def losses() -> tuple[torch.Tensor, torch.Tensor]:
        both = own_losses(game, 1)
        return both["G"], both["D"]

    return JacobianOperator(losses, game.weights["G"], game.weights["D"])


def product(recipe: str, what: str) -> Ratio:
    """Processor time of one product over that of one step, by turns; the step's game is another of the same spec."""
    looked_at, trained, n = made(recipe), made(recipe), RECIPES[recipe]
    operator = jacobian(looked_at) if what == "Jacobian" else hessian(looked_at, "G" if what == "G's Hessian" else "D")
    vector = torch.randn(operator.n, generator=torch.Generator().manual_seed(0), dtype=torch.float64)

    def products() -> float:
        began = time.process_time()
        for _ in range(n):
            operator(vector)
        return time.process_time() - began

    def steps() -> float:
        began = time.process_time()
        for step in range(1, n + 1):
            train_step(trained, step)
        return time.process_time() - began

    products(), steps()
    value, spread = by_turns(ROUNDS, products, steps)
    target = 3.0 if what == "Jacobian" else 1.0  # nothing was promised of the Jacobian: two Hessians' rows
    name = f"a product with {what} / a training step, {recipe}"
    return Ratio(name, f"<= {target}", value, spread, value <= target, f"{operator.n} weights")


@dataclass(frozen=True)
class _Look:
    """One look at the top five, with how wrong it was."""

    products: int
    error: float
    """Largest relative error of the five, against ten times as strict a look."""
    angle: float
    """Degrees that the true five directions have turned since the look before."""


def looks(recipe: str) -> tuple[list[_Look], list[_Look]]:
    """At both players after each gap: cold, and from the vectors of the look before."""
    game = made(recipe)
    step = 0
    last: dict[Player, torch.Tensor] = {}
    cold, tracking = [], []
    for gap in (TRAINED[recipe], *GAPS):
        for step in range(step + 1, step + gap + 1):  # noqa: B020  # it goes on where it was
            train_step(game, step)
        for player in PLAYERS:
            operator = hessian(game, player)
            true = _five(operator, None, tolerance=TOLERANCE / 10)
            cold.append(_judged(_five(operator, None), true, last.get(player)))
            if player in last:
                start = start_near(last[player], torch.Generator().manual_seed(1))
                tracking.append(_judged(_five(operator, start), true, last[player]))
            last[player] = true.top.vectors
    return cold, tracking


def _five(operator: HessianOperator, start: torch.Tensor | None, tolerance: float = TOLERANCE) -> Extremes:
    generator = torch.Generator().manual_seed(0)
    return extremes(
        operator, operator.n, top=5, generator=generator, start=start, tolerance=tolerance, relative_to="own"
    )


def _judged(found: Extremes, true: Extremes, last: torch.Tensor | None) -> _Look:
    error = ((found.top.values - true.top.values) / true.top.values).abs().max()
    angle = largest_angle(last, true.top.vectors) if last is not None else float("nan")
    return _Look(found.products, float(error), angle)


def top_five(recipe: str) -> Iterator[Ratio]:
    """Products that the top five took, as the monitor `hessian` looks for them."""
    cold, tracking = looks(recipe)
    for name, target, found in (("cold", COLD, cold), ("tracking", TRACKING, tracking)):
        counts = [look.products for look in found]
        median = statistics.median(counts)
        turned = ", ".join(f"{look.angle:.0f}" for look in tracking) if name == "tracking" else ""
        details = f"G and D by turns, gaps of {GAPS} steps: {counts}; largest error {max(x.error for x in found):.1e}"
        details += f"; the five directions had turned by {turned} degrees" if turned else ""
        spread = (float(min(counts)), float(max(counts)))
        promise = f"Hessian-vector products for the top five, {name}, {recipe}"
        yield Ratio(promise, f"<= {target}", float(median), spread, max(counts) <= target, details)


def measure() -> Iterator[Ratio]:
    """All of them, with as many threads as a trainer would have here."""
    torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) - 1))
    for recipe in RECIPES:
        yield from (product(recipe, what) for what in ("G's Hessian", "D's Hessian", "Jacobian"))
        yield from top_five(recipe)
