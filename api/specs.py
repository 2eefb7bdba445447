"""From a request to a spec that can run: recipe found, overrides merged, every param checked, defaults filled in."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError as SchemaError
from pydantic import ValidationError

from api.problems import InvalidSpecRefused, NoWorkerYet, invalid
from contract.components import Catalogue, ComponentDescription, UnknownComponent
from contract.modes import misnamed
from contract.numbers import shown
from contract.resolve import InvalidSpec, SpecProblem, merge, resolve
from contract.runs import CreateRun
from contract.spec import ComponentSpec, RunSpec

EXAMPLE = '{"regularisers": [{"name": "r1", "weight": 1}]}'
START_A_WORKER = "start one with `python -m worker`, or the whole stack with `modescope up`"


@lru_cache(maxsize=4)
def parse_catalogue(announced: bytes) -> Catalogue:
    """The catalogue of its JSON; parsed once, since it is asked for with every request."""
    return Catalogue.model_validate_json(announced)


def catalogue_of(announced: bytes | None) -> Catalogue:
    """What a worker announced.

    Raises:
        NoWorkerYet: if none ever has.
    """
    if announced is None:
        message = f"no worker has announced itself yet, so nobody knows what can be run: {START_A_WORKER}"
        raise NoWorkerYet(message, headers={"Retry-After": "2"})
    return parse_catalogue(announced)


def checked(asked: CreateRun, catalogue: Catalogue) -> RunSpec:
    """The frozen spec of a run to be.

    Raises:
        InvalidSpecRefused: if it cannot run; every fault is named with its place.
    """
    spec = _parsed(asked_spec(asked, catalogue))
    problems = [*_non_finite(spec), *_misfits(spec, catalogue)]
    try:
        resolved = resolve(spec, catalogue)
    except InvalidSpec as error:
        problems = [*error.problems, *problems]
    problems = problems or list(misnamed(resolved, catalogue))
    if problems:
        raise InvalidSpecRefused(words(problems), problems)
    return resolved


def asked_spec(asked: CreateRun, catalogue: Catalogue) -> dict[str, Any]:  # Any: JSON
    """The spec as it was asked for: the recipe's, or the given one, with the overrides and before any check.

    Raises:
        InvalidSpecRefused: if there is no such recipe, or neither or both came.
    """
    if (asked.spec is None) == (asked.recipe is None):
        came = "both came" if asked.spec is not None else "neither came"
        raise InvalidSpecRefused(*_at("spec", f'give either "spec" or "recipe"; {came}'))
    if asked.spec is not None:
        return merge(asked.spec, asked.overrides)
    try:
        recipe = catalogue.recipe(asked.recipe or "")
    except UnknownComponent as unknown:
        raise InvalidSpecRefused(*_at("recipe", str(unknown))) from unknown
    return merge(recipe.spec, asked.overrides)


def _parsed(wanted: Mapping[str, Any]) -> RunSpec:
    try:
        return RunSpec.model_validate(wanted)
    except ValidationError as error:
        problems = [
            _no_such_part(one["loc"][0]) if _is_unknown_part(one) else invalid([one])[0] for one in error.errors()
        ]
        raise InvalidSpecRefused(words(problems), problems) from error


def _is_unknown_part(error: Mapping[str, Any]) -> bool:  # Any: as pydantic tells its errors
    return error["type"] == "extra_forbidden" and len(error["loc"]) == 1


def _no_such_part(name: object) -> SpecProblem:
    """What the parts of a spec are, and how a param of a component is given."""
    inside = f"; a component's params stand inside its part, as in {EXAMPLE}" if "." in str(name) else ""
    message = f"no part of a spec is called so; there are {', '.join(RunSpec.model_fields)}{inside}"
    return SpecProblem(where=str(name), message=message)


def _at(where: str, message: str) -> tuple[str, list[SpecProblem]]:
    problems = [SpecProblem(where=where, message=message)]
    return words(problems), problems


def words(problems: Sequence[SpecProblem]) -> str:
    """What is wrong, in one line."""
    return "; ".join(f"{one.where}: {one.message}" for one in problems)


def _places(spec: RunSpec) -> Iterator[tuple[str, str, ComponentSpec]]:
    """Every component as (place in the spec, family, spec)."""
    yield "dataset", "datasets", spec.dataset
    yield "network", "networks", spec.network
    yield "conditioning", "conditioning", spec.conditioning
    yield "loss", "losses", spec.loss
    yield "averaging", "averaging", spec.averaging
    for player in spec.optimisers:
        yield f"optimisers.{player}", "optimisers", spec.optimisers[player]
    for family, listed in (
        ("regularisers", spec.regularisers),
        ("monitors", spec.monitors or []),
        ("guards", spec.guards or []),
        ("rules", spec.rules),
    ):
        for number, component in enumerate(listed):
            yield f"{family}.{number}", family, component


def _misfits(spec: RunSpec, catalogue: Catalogue) -> Iterator[SpecProblem]:
    """Params that their component's schema refuses; components that are not known are not looked at."""
    for place, family, component in _places(spec):
        if component.name not in catalogue.names(family):
            continue
        description = catalogue.find(family, component.name)
        found = [
            _in_words(place, component, error)
            for error in Draft202012Validator(description.params).iter_errors(component.params)
        ]
        by_place: dict[str, SpecProblem] = {}
        for problem in found:
            by_place.setdefault(problem.where, problem)
        yield from by_place.values()
        if not found:
            yield from _out_of_order(place, description, component.params)


def _out_of_order(place: str, description: ComponentDescription, given: Mapping[str, Any]) -> Iterator[SpecProblem]:
    """Of the pairs of params that the schema says are ordered, those whose first is above the second."""
    params = {**description.defaults(), **given}
    for low, high in description.params.get("ordered", ()):
        if params[low] > params[high]:
            message = f"must be at most {high}, which is {shown(params[high])}; got {shown(params[low])}"
            yield SpecProblem(where=f"{place}.{low}", message=message)


def _in_words(place: str, component: ComponentSpec, error: SchemaError) -> SpecProblem:
    where = ".".join([place, *(str(part) for part in error.absolute_path)])
    if error.validator == "additionalProperties" and not error.absolute_path:
        known = ", ".join(error.schema.get("properties", {})) or "none"
        unknown = sorted(set(component.params) - set(error.schema.get("properties", {})))
        message = f"{component.name} has no param {', '.join(unknown)}; its params: {known}"
        return SpecProblem(where=f"{place}.{unknown[0]}", message=message)
    return SpecProblem(where=where, message=f"{_rule(error)}; got {shown(error.instance)}")


_RULES = {
    "type": "must be of type {}",
    "minimum": "must be {} or more",
    "exclusiveMinimum": "must be above {}",
    "maximum": "must be {} or less",
    "exclusiveMaximum": "must be below {}",
    "enum": "must be one of {}",
    "const": "must be {}",
    "required": "needs {}",
    "minLength": "must have {} characters or more",
    "maxLength": "must have {} characters or fewer",
    "minItems": "must have {} items or more",
    "maxItems": "must have {} items or fewer",
    "pattern": "must be of the form {}",
    "multipleOf": "must be a multiple of {}",
}


def _rule(error: SchemaError) -> str:
    """What is allowed, in words."""
    if error.validator == "pattern" and "description" in error.schema:
        return f"does not fit: {error.schema['description'].rstrip('.')}"
    if error.validator == "anyOf":
        return "must be " + " or ".join(_kind(option) for option in error.validator_value)
    return _ruled(str(error.validator), error.validator_value)


def _ruled(rule: str, allowed: object) -> str:
    listed = (
        ", ".join(item if isinstance(item, str) else shown(item) for item in allowed)
        if isinstance(allowed, list)
        else allowed
    )
    return _RULES.get(rule, f"must satisfy {rule} {{}}").format(listed)


def _kind(option: Mapping[str, Any]) -> str:
    """One of several shapes that a param may have: "of type integer, 1 or more"."""
    rules = [_ruled(rule, option[rule]).removeprefix("must be ") for rule in _RULES if rule in option]
    return ", ".join(rules) or str(dict(option))


def _non_finite(spec: RunSpec) -> Iterator[SpecProblem]:
    """JSON has no NaN, but its parser takes it, and no bound refuses it."""
    for place, _, component in _places(spec):
        for where, value in _numbers(place, component.params):
            if not math.isfinite(value):
                yield SpecProblem(where=where, message=f"must be a finite number; got {shown(value)}")


def _numbers(place: str, value: object) -> Iterator[tuple[str, float]]:
    if isinstance(value, float):
        yield place, value
    items: Any = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from _numbers(f"{place}.{key}", item)
