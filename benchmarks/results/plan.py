"""What is run: every recipe as it is and with each of its cures, and PacGAN's protocol, over seeds nobody tuned on."""

import ast
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from benchmarks._study import spoken
from contract.components import Catalogue, Cure, RecipeDescription
from contract.resolve import merge, resolve
from contract.spec import RunSpec
from worker.families import FAMILIES

SEEDS_PLANE = (101, 102, 103, 104, 105)
"""For points and scalars."""
SEEDS_PICTURES = (101, 102, 103)
"""Recipes are tuned on other seeds (0 to 9); these are looked at only here."""
PLANE = ("ring", "grid", "origin")
PACGAN_STEPS = 400_000
"""400 epochs of 100,000 points in batches of 100: its public code, synthetic_data_experiments."""
TENTH = 10

PACGAN = {
    "network": {
        "name": "mlp",
        "z_dim": 2,
        "generator_layers": 4,
        "generator_width": 400,
        "generator_norm": "batch",
        "discriminator": "maxout",
        "discriminator_layers": 3,
        "discriminator_width": 200,
        "pieces": 5,
        "init_std": 0.02,
    },
    "loss": {"name": "nonsaturating"},
    "optimisers": {player: {"name": "adam", "lr": 1e-4, "beta1": 0.8} for player in ("G", "D")},
}
"""Networks, loss and optimisers of PacGAN's experiments in the plane."""
PACGAN_BATCH = 100
"""What D answers in one step: that many packs."""


@dataclass(frozen=True)
class Arm:
    """One thing that is run over several seeds."""

    group: str
    """The recipe, or the table, that it belongs to."""
    title: str
    spec: Mapping[str, Any]  # Any: JSON
    knobs: Mapping[str, bool | int | float] = field(default_factory=dict)
    """Set after step `at`."""
    at: int = 0

    def job(self, seed: int, catalogue: Catalogue) -> "Job":
        """The arm with one seed, its spec resolved."""
        spec = resolve(
            RunSpec.model_validate(merge(self.spec, {"seed": seed, "monitors": [], "guards": []})), catalogue
        )
        return Job(self.group, self.title, seed, spec.model_dump(mode="json", by_alias=True), dict(self.knobs), self.at)


@dataclass(frozen=True)
class Job:
    """One run of one arm."""

    group: str
    title: str
    seed: int
    spec: dict[str, Any]
    knobs: dict[str, bool | int | float]
    at: int

    @property
    def name(self) -> str:
        """For people."""
        return f"{self.group} / {self.title} / seed {self.seed}"

    @property
    def about(self) -> dict[str, Any]:
        """What a kept line says of the run."""
        steps = self.spec["steps"]
        return {"key": self.key, "group": self.group, "title": self.title, "seed": self.seed, "steps": steps}

    @property
    def order(self) -> dict[str, Any]:
        """What the process that runs it is given."""
        return {"spec": self.spec, "knobs": self.knobs, "at": self.at}

    @property
    def key(self) -> str:
        """Changes with the spec, the knobs, and the code of the parts that it names: an older result is run again.

        What every run goes through (step, phases) is left out: its tests hold it to the same numbers, and each result
        says at which commit it was measured.
        """
        spec = RunSpec.model_validate(self.spec)
        parts = [_code(family, component.name) for family, _, component in spec.entries()]
        content = [spoken(self.spec), self.knobs, self.at, *parts]
        return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def of_recipes(catalogue: Catalogue) -> Iterator[Arm]:
    """Every recipe that is sized for a CPU, as it is and with each cure."""
    for recipe in catalogue.recipes:
        if recipe.device == "cpu":
            yield Arm(recipe.name, "as it is", recipe.spec)
            yield from (_cured(recipe, cure) for cure in recipe.cures)


def of_pacgan(share: int = TENTH) -> Iterator[Arm]:
    """PacGAN's ring and grid with one sample and with two a pack, at a share of the published steps."""
    for dataset in ("ring", "grid"):
        for m in (1, 2):
            spec = PACGAN | {"dataset": {"name": dataset}, "steps": PACGAN_STEPS // share, "batch": PACGAN_BATCH * m}
            packing = [{"name": "packing", "m": m}] if m > 1 else []
            yield Arm(f"pacgan-{dataset}", f"PacGAN{m}" if m > 1 else "GAN", spec | {"regularisers": packing})


def jobs(arms: list[Arm], catalogue: Catalogue) -> list[Job]:
    """All runs, seed by seed: when time runs out, every arm has as many seeds as the next, or one more."""
    rounds = max(len(SEEDS_PLANE), len(SEEDS_PICTURES))
    return [
        arm.job(seeds[turn], catalogue)
        for turn in range(rounds)
        for arm in arms
        if turn < len(seeds := SEEDS_PLANE if arm.spec["dataset"]["name"] in PLANE else SEEDS_PICTURES)
    ]


@cache
def _code(family: str, name: str) -> str:
    """What the component's own module does: its syntax tree without comments and docstrings."""
    tree = ast.parse(Path(inspect.getfile(FAMILIES[family].find(name))).read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [each for each in body if not _is_text(each)]  # type: ignore[attr-defined]  # it has one
    return ast.dump(tree)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _cured(recipe: RecipeDescription, cure: Cure) -> Arm:
    return Arm(recipe.name, cure.title, recipe.spec, cure.knobs, cure.at)
