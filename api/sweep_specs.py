"""From a request for a sweep to the spec of each of its runs; what is wrong is said of an axis and its value."""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

from api.problems import InvalidRequest, InvalidSpecRefused
from api.specs import asked_spec, checked, words
from contract.components import Catalogue
from contract.numbers import shown
from contract.places import place_of, put
from contract.resolve import SpecProblem, merge
from contract.runs import CreateRun
from contract.spec import RunSpec
from contract.sweeps import MOST_RUNS, SEED, AxisRange, CreateSweep, SweepAxis

Values = Mapping[str, Any]  # Any: JSON
"""Axis → the value that a run has."""
OPTIMISERS = {"optimisers": {player: {"name": "adam"} for player in ("G", "D")}}
"""What a spec without optimisers has: their knobs are places too."""


@dataclass(frozen=True)
class Expanded:
    """All the runs of a sweep to be."""

    axes: Sequence[SweepAxis]
    runs: Sequence[tuple[Values, RunSpec]]
    """In the order of the axes' values, the last axis changing fastest."""


def expand(asked: CreateSweep, catalogue: Catalogue) -> Expanded:
    """The runs that a sweep asks for, each with a checked spec.

    Raises:
        InvalidRequest: if the axes cannot be meant together, or make too many runs.
        InvalidSpecRefused: if one of the specs cannot run.
    """
    axes = _axes(asked)
    base = merge(OPTIMISERS, asked_spec(CreateRun(**_spec_of(asked)), catalogue))
    places = _places(axes, base)
    runs: list[tuple[Values, RunSpec]] = []
    faults: defaultdict[tuple[str, str], list[Values]] = defaultdict(list)
    for values in _combinations(axes):
        overrides: dict[str, Any] = {}
        for name, value in values.items():
            put(overrides, base, name, value)
        try:
            runs.append((values, checked(CreateRun(spec=base, overrides=overrides), catalogue)))
        except InvalidSpecRefused as refused:
            for problem in refused.errors:
                faults[problem.where, problem.message].append(values)
    if faults:
        problems = [
            _blame(SpecProblem(where=where, message=message), failed, axes, places)
            for (where, message), failed in faults.items()
        ]
        raise InvalidSpecRefused(words(problems), problems)
    return Expanded(axes, runs)


def _spec_of(asked: CreateSweep) -> dict[str, Any]:  # Any: see CreateSweep
    return {"spec": asked.spec, "recipe": asked.recipe, "overrides": asked.overrides}


def _axes(asked: CreateSweep) -> list[SweepAxis]:
    """The axes with their values written out; seeds are the last one.

    Raises:
        InvalidRequest: if there is none, a value comes twice, or there are too many combinations.
    """
    given = {name: axis.values() if isinstance(axis, AxisRange) else axis for name, axis in asked.axes.items()}
    if asked.seeds and SEED in given:
        raise InvalidRequest(*_at("seeds", f'give the seeds once: in "seeds", or as the axis {SEED}'))
    axes = [SweepAxis(name=name, values=values) for name, values in given.items()]
    axes += [SweepAxis(name=SEED, values=list(asked.seeds))] if asked.seeds else []
    if not axes:
        raise InvalidRequest(
            *_at("axes", 'a sweep needs at least one axis, or "seeds"; for one run there is POST /api/v1/runs')
        )
    for axis in axes:
        texts = [shown(_plain(value)) for value in axis.values]
        twice = next((text for text in texts if texts.count(text) > 1), None)
        if twice is not None:
            raise InvalidRequest(*_at(f"axes.{axis.name}", f"{twice} comes twice; each value makes runs of its own"))
    n = math.prod(len(axis.values) for axis in axes)
    if n > MOST_RUNS:
        counts = " × ".join(str(len(axis.values)) for axis in axes)
        raise InvalidRequest(
            *_at("axes", f"{counts} values make {n} runs; a sweep has at most {MOST_RUNS}. Give fewer values")
        )
    return axes


def _plain(value: object) -> object:
    """The value, of which 1 and 1.0 are the same."""
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _places(axes: Sequence[SweepAxis], base: Values) -> dict[str, list[str]]:
    """Axis → its place in the spec.

    Raises:
        InvalidRequest: if two axes write to one place.
        InvalidSpecRefused: if the spec has no such place.
    """
    problems = []
    for axis in axes:
        try:
            put({}, base, axis.name, axis.values[0])
        except (LookupError, TypeError, ValueError) as error:
            message = str(error.args[0] if error.args else error)
            problems.append(SpecProblem(where=f"axes.{axis.name}", message=f"the spec has no such place: {message}"))
    if problems:
        raise InvalidSpecRefused(words(problems), problems)
    places = {axis.name: place_of(axis.name, base) for axis in axes}
    for one, other in combinations(places, 2):
        if all(a == b for a, b in zip(places[one], places[other], strict=False)):
            raise InvalidRequest(
                *_at("axes", f"{one} and {other} write to the same place in the spec; keep one of them")
            )
    return places


def _combinations(axes: Sequence[SweepAxis]) -> Iterator[Values]:
    names = [axis.name for axis in axes]
    return (dict(zip(names, each, strict=True)) for each in product(*(axis.values for axis in axes)))


def _blame(
    problem: SpecProblem, failed: Sequence[Values], axes: Sequence[SweepAxis], places: Mapping[str, list[str]]
) -> SpecProblem:
    """What is wrong, said of the axes that make it so.

    Args:
        problem: what is wrong, and where in the spec.
        failed: the values of all runs of which this was said.
        axes: of the sweep.
        places: axis → its place.

    Returns:
        The problem of the axis that writes there, else of those whose value all these runs share; a problem that every
        run has whatever its values is one of the spec itself.
    """
    parts = problem.where.split(".")
    guilty = [name for name, place in places.items() if parts[: len(place)] == place]
    guilty = guilty or [
        axis.name for axis in axes if len(axis.values) > 1 and len({shown(values[axis.name]) for values in failed}) == 1
    ]
    if not guilty:
        return problem
    values = " and ".join(f"{name} = {shown(failed[0][name])}" for name in guilty)
    where = f"axes.{guilty[0]}" if len(guilty) == 1 else "axes"
    return SpecProblem(where=where, message=f"with {values}, {problem.where}: {problem.message}")


def _at(where: str, message: str) -> tuple[str, list[SpecProblem]]:
    problems = [SpecProblem(where=where, message=message)]
    return words(problems), problems
