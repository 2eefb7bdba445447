"""What is run: recipes that collapse, their cures, and healthy ones, over seeds that nobody tuned on."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks.results.plan import Job
from contract.components import Catalogue, ComponentDescription
from contract.resolve import merge, resolve
from contract.spec import RunSpec

EVERY = 50
"""Steps between two looks; also those of every guard."""
EVERY_DEAR = 250
"""Of monitors that take many steps' time."""
SEEDS_PLANE = (201, 202, 203, 204)
SEEDS_PICTURES = (201, 202)
SEED_TUNING = 1
"""Guards and recipes were tuned on seeds 0 to 9."""
NOT_RECORDED = ("regret", "duality_gap")
"""Monitors of games without modes."""


@dataclass(frozen=True)
class Arm:
    """One thing that is run over several seeds."""

    recipe: str
    title: str
    seeds: tuple[int, ...]
    changes: Mapping[str, Any] = field(default_factory=dict)  # Any: JSON, merged into the recipe's spec
    knobs: Mapping[str, float] = field(default_factory=dict)
    """Set after step `at`."""
    at: int = 0

    def job(self, seed: int, catalogue: Catalogue) -> Job:
        """The arm with one seed, its spec resolved, watched by every monitor that gives a number."""
        base = merge(catalogue.recipe(self.recipe).spec, self.changes)
        bare = resolve(RunSpec.model_validate(merge(base, {"seed": seed, "monitors": [], "guards": []})), catalogue)
        watched = bare.model_dump(mode="json", by_alias=True) | {"monitors": list(_monitors(bare, catalogue))}
        spec = resolve(RunSpec.model_validate(watched), catalogue)
        return Job(
            self.recipe, self.title, seed, spec.model_dump(mode="json", by_alias=True), dict(self.knobs), self.at
        )


SETTLED = {"optimisers": {"G": {"lr": 5e-4}, "D": {"lr": 2e-3}}, "steps": 8000}
"""The cure of ring-collapse and grid-collapse from the first step: most modes are found."""
SHOCK = {"optimiser.d.lr": 1e-5, "optimiser.g.lr": 5e-3}
"""D all but stands still and G runs. Tried on seed 1 of the settled ring-collapse: from 6 modes to 1 at once."""
SQUEEZE = {"optimiser.d.lr": 5e-5, "optimiser.g.lr": 2e-3}
"""The same, less: a slower end."""
MANY = (*SEEDS_PLANE, 205, 206)
ARMS = (
    Arm("ring-collapse", "settled", SEEDS_PLANE, SETTLED),
    Arm("ring-collapse", "settled, then a shock", MANY, SETTLED, SHOCK, 4000),
    Arm("ring-collapse", "settled, then squeezed", SEEDS_PLANE, SETTLED, SQUEEZE, 4000),
    Arm("grid-collapse", "settled", SEEDS_PLANE, SETTLED),
    Arm("grid-collapse", "settled, then a shock", MANY, SETTLED, SHOCK, 4000),
    Arm("grid-collapse", "settled, then squeezed", SEEDS_PLANE, SETTLED, SQUEEZE, 4000),
    Arm("ring-gan", "as it is", SEEDS_PLANE),
    Arm("ring-gan", "R1 penalty", SEEDS_PLANE, {}, {"r1.weight": 0.1}, 4000),
    Arm("grid-gan", "as it is", SEEDS_PLANE),
    Arm("ring-r3gan", "as it is", SEEDS_PLANE, {"steps": 8000}),
    Arm("dragan", "as it is", SEEDS_PLANE, {"steps": 8000}),
    Arm("dragan", "no penalty, a shock", SEEDS_PLANE, {"steps": 8000}, {"dragan.weight": 0.0, **SHOCK}, 4000),
    Arm("ring-packing", "a shock", SEEDS_PLANE, {"steps": 8000}, SHOCK, 5000),
    Arm("digits-dcgan", "as it is", SEEDS_PICTURES, {"steps": 3000}),
    Arm("digits-dcgan", "a shock", SEEDS_PICTURES, {"steps": 3000}, SHOCK, 1500),
    Arm("faces-acgan", "as it is", SEEDS_PICTURES, {"steps": 3000}),
    Arm("faces-acgan", "a shock", SEEDS_PICTURES, {"steps": 3000}, SHOCK, 1500),
    Arm("acgan-aux-drop", "as it is", SEEDS_PICTURES, {"steps": 3000}),
    Arm("began-gamma", "Gamma 0.3", SEEDS_PICTURES, {}, {"began.gamma": 0.3}, 1500),
)
"""Frozen with the label: which of them collapse is for the label to say, run by run."""


def tuning_arms() -> tuple[Arm, ...]:
    """The arms in the plane, with the seed that the votes of the combined alarm were chosen on."""
    in_the_plane = [arm for arm in ARMS if arm.seeds[: len(SEEDS_PLANE)] == SEEDS_PLANE]
    return tuple(replace(arm, seeds=(SEED_TUNING,)) for arm in in_the_plane)


def jobs(catalogue: Catalogue, arms: tuple[Arm, ...] = ARMS) -> list[Job]:
    """All runs, seed by seed, so that a study cut short has some of every arm."""
    rounds = max(len(arm.seeds) for arm in arms)
    return [arm.job(arm.seeds[turn], catalogue) for turn in range(rounds) for arm in arms if turn < len(arm.seeds)]


def _monitors(spec: RunSpec, catalogue: Catalogue) -> Iterator[dict[str, Any]]:
    """Every monitor that suits the spec and yields a scalar, at a fixed interval."""
    for component in catalogue.components:
        is_one = component.family == "monitors" and component.name not in NOT_RECORDED
        if (
            is_one
            and any(series.kind == "scalar" for series in component.series)
            and _suits(component, spec, catalogue)
        ):
            yield {"name": component.name, "every": EVERY_DEAR if component.cost == "dear" else EVERY}


def _suits(component: ComponentDescription, spec: RunSpec, catalogue: Catalogue) -> bool:
    asked = spec.model_dump(mode="json", by_alias=True) | {"monitors": [{"name": component.name}]}
    try:
        resolve(RunSpec.model_validate(asked), catalogue)
    except ValueError:
        return False
    return True
