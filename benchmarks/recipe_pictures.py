"""`make pictures`: train each recipe and keep what it looks like, for its card: `worker/recipes/pictures/<name>.png`.

One process, one thread. A recipe that takes longer than its share of time is stopped there, and its caption says so:
"step 1,500 of 20,000". What has been drawn is a line of `made.jsonl`, committed with the picture, so that the next call
draws only what is missing or has changed. Recipes that are sized for a GPU are drawn when they are named, on one: a
CPU's fifty steps of their fifty thousand show nothing.

`python -m benchmarks.recipe_pictures ring-gan --minutes-each 5` draws one anew.
"""

import argparse
import json
import sys
import time
from typing import Any

from PIL import Image

from benchmarks import _recipe_drawing as drawing
from benchmarks._processes import commit
from benchmarks._study import built, steps
from benchmarks.results.plan import Job
from contract.components import Catalogue, RecipeDescription
from contract.resolve import merge, resolve
from contract.spec import RunSpec
from worker.catalogue import RECIPES, build_catalogue
from worker.training.game import Game

PICTURES = RECIPES / "pictures"
MADE = PICTURES / "made.jsonl"
SEED = 0
"""The default of a spec: what somebody sees who launches the recipe as it is."""
SHOWS_AT = {"ring-collapse": 4000, "grid-collapse": 4000, "xy-simultaneous": 160}
"""Step at which a recipe shows its point, where that is not its end: later, modes come back, or the spiral is away."""


def main() -> int:
    """Draw what is missing; ends with 1 when there is no such recipe."""
    options = _parser().parse_args()
    catalogue = build_catalogue()
    known = {recipe.name: recipe for recipe in catalogue.recipes}
    unknown = sorted(set(options.recipes) - set(known))
    if unknown:
        print(f"no recipe called {', '.join(unknown)}; known: {', '.join(known)}", file=sys.stderr)
        return 1
    for recipe in known.values():
        if recipe.name not in (options.recipes or _for_a_cpu(catalogue)):
            continue
        job = _job(recipe, catalogue)
        if recipe.name in options.recipes or not _is_drawn(recipe.name, job.key):
            print(f"{recipe.name}: {_draw(recipe.name, job, options.minutes_each * 60)}", flush=True)
    return 0


def lines() -> dict[str, dict[str, Any]]:  # Any: JSON
    """Recipe → what is known of its picture."""
    written = MADE.read_text().splitlines() if MADE.exists() else []
    return {line["recipe"]: line for line in map(json.loads, written)}


def _parser() -> argparse.ArgumentParser:
    options = argparse.ArgumentParser(prog="python -m benchmarks.recipe_pictures", description=__doc__)
    options.add_argument("recipes", nargs="*", help="draw these anew; none: all that are missing")
    options.add_argument("--minutes-each", type=float, default=2.5, help="processor time for one recipe")
    return options


def _for_a_cpu(catalogue: Catalogue) -> list[str]:
    return [recipe.name for recipe in catalogue.recipes if recipe.device == "cpu"]


def _job(recipe: RecipeDescription, catalogue: Catalogue) -> Job:
    wanted = merge(recipe.spec, {"seed": SEED, "monitors": [], "guards": []})
    spec = resolve(RunSpec.model_validate(wanted), catalogue).model_dump(mode="json", by_alias=True)
    return Job(recipe.name, "picture", SEED, spec, {}, 0)


def _is_drawn(name: str, key: str) -> bool:
    return (PICTURES / f"{name}.png").exists() and lines().get(name, {}).get("key") == key


def _draw(name: str, job: Job, seconds: float) -> str:
    """Train, draw, keep; answers what was done."""
    image, step = _trained(built(job.order), job, SHOWS_AT.get(name, job.spec["steps"]), seconds)
    content = drawing.encoded(image)
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.png").write_bytes(content)
    about = {"recipe": name, "step": step, "steps": job.spec["steps"], "seed": SEED, "key": job.key}
    kept = lines() | {name: about | {"commit": commit(PICTURES)}}
    MADE.write_text("".join(json.dumps(kept[each]) + "\n" for each in sorted(kept)))
    return f"step {step} of {job.spec['steps']}, {len(content)} bytes"


def _trained(game: Game, job: Job, last: int, seconds: float) -> tuple[Image.Image, int]:
    """The recipe's picture, and the step at which it was taken."""
    iterates, averages = [_numbers(game)], [_numbers(game)]
    is_scalar = game.dataset.shape == (1,)
    began = time.process_time()
    for step, _ in steps(game, job.order):
        if is_scalar:
            iterates.append(_numbers(game))
            averages.append(_average(game))
        if step >= last or time.process_time() - began > seconds:
            break
    if is_scalar:
        return drawing.path(iterates, averages), step
    return (drawing.cloud if game.dataset.shape == (2,) else drawing.sheet)(game, step), step


def _numbers(game: Game) -> tuple[float, float]:
    """The two numbers of a game of scalars; of another game, the first weight of each player, which nobody looks at."""
    g, d = (next(player.parameters()).detach().flatten()[0].item() for player in (game.G, game.D))
    return g, d


def _average(game: Game) -> tuple[float, float]:
    players = game.averaging.sampler(game.G), game.averaging.averaged(game.D)
    g, d = (next(player.parameters()).detach().flatten()[0].item() for player in players)
    return g, d


if __name__ == "__main__":
    sys.exit(main())
