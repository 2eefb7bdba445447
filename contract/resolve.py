"""From what was asked to what will run: defaults filled in, names checked, combinations checked.

The api does this when a run is created and freezes the result; the worker does it again before it starts.
Whether a single param's value is allowed is for its schema (api) or its class (worker) to say.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from contract.components import Catalogue, ComponentDescription, Family, UnknownComponent
from contract.knobs import KnobDescription, knobs_of, no_such_knob
from contract.needs import facts, mismatches
from contract.numbers import Wire, shown
from contract.spec import ComponentSpec, GameParams, RunSpec, WatchingParams

SMALL = ("points", "scalar")
"""Samples whose training steps take about 2 ms, of which any look takes a larger share."""
BUDGET_SMALL = 0.2
WILL_HAVE = "This run will have"


class SpecProblem(Wire):
    """One thing wrong with a spec."""

    where: str
    """Path into the spec: `network.width`, `regularisers.0`."""
    message: str
    """What came, what is allowed, what to do."""


class InvalidSpec(ValueError):
    """A spec that cannot run; `problems` says everything that is wrong with it, not only the first."""

    def __init__(self, problems: list[SpecProblem]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{problem.where}: {problem.message}" for problem in problems))


def merge(base: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:  # Any: JSON
    """A deep merge: objects are merged key by key, everything else is replaced.

    An object that names another component replaces the old one whole, since its params are not the old one's.

    >>> merge({"a": {"x": 1, "y": 2}, "b": 1}, {"a": {"y": 3}})
    {'a': {'x': 1, 'y': 3}, 'b': 1}
    >>> merge({"loss": {"name": "hinge", "margin": 2}}, {"loss": {"name": "wasserstein"}})
    {'loss': {'name': 'wasserstein'}}
    """
    merged = dict(base)
    for key, value in overrides.items():
        old = merged.get(key)
        same = (
            isinstance(old, Mapping)
            and isinstance(value, Mapping)
            and value.get("name", old.get("name")) == old.get("name")
        )
        merged[key] = merge(old, value) if same else value  # type: ignore[arg-type]  # same means both are mappings
    return merged


def resolve(spec: RunSpec, catalogue: Catalogue) -> RunSpec:
    """The spec with every default written out.

    Args:
        spec: what was asked.
        catalogue: what the worker has.

    Returns:
        A new spec; the given one is not changed.

    Raises:
        InvalidSpec: if it names what is not there, uses one entry twice, or combines what cannot work together.
    """
    missing = list(_unknown(spec, catalogue))
    if missing:
        raise InvalidSpec(missing)
    filled = RunSpec.model_validate(spec.model_dump(by_alias=True, exclude_none=True))
    filled.monitors = spec.monitors if spec.monitors is not None else _suiting("monitors", filled, catalogue)
    filled.guards = spec.guards if spec.guards is not None else _suiting("guards", filled, catalogue)
    if "budget" not in spec.watching.model_fields_set and facts(filled, catalogue).get("sample") in SMALL:
        filled.watching.budget = BUDGET_SMALL
    for family, _, component in filled.entries():
        _fill(component, catalogue.find(family, component.name))
    problems = [*_twice(filled), *_unmet(filled, catalogue)]
    problems = problems or list(_misguided(filled, catalogue))
    if problems:
        raise InvalidSpec(problems)
    return filled


def knobs_of_spec(spec: RunSpec, catalogue: Catalogue) -> list[KnobDescription]:
    """The knobs that a resolved spec will have; the trainer's own list, with one a label, takes their place later."""
    parts = [
        knob
        for family, entry, component in spec.entries()
        for knob in knobs_of(entry, catalogue.find(family, component.name).params, component.params)
    ]
    game = knobs_of("game", GameParams.model_json_schema(), spec.game.model_dump())
    watching = knobs_of("watching", WatchingParams.model_json_schema(), spec.watching.model_dump())
    return [*parts, *game, *watching]


def _unknown(spec: RunSpec, catalogue: Catalogue) -> Iterator[SpecProblem]:
    for family, entry, component in spec.entries():
        try:
            catalogue.find(family, component.name)
        except UnknownComponent as unknown:
            yield SpecProblem(where=f"{family}.{entry}", message=str(unknown))


def _suiting(family: Family, spec: RunSpec, catalogue: Catalogue) -> list[ComponentSpec]:
    """The members of the family that are on by default and whose needs the spec meets."""
    suits = [
        component
        for component in catalogue.components
        if component.family == family and component.default and not list(mismatches(component, {}, spec, catalogue))
    ]
    return [ComponentSpec(name=component.name) for component in suits]


def _fill(component: ComponentSpec, description: ComponentDescription) -> None:
    extra = component.model_extra
    if extra is not None:
        for param, value in description.defaults().items():
            extra.setdefault(param, value)


def _twice(spec: RunSpec) -> Iterator[SpecProblem]:
    seen: set[str] = set()
    for family, entry, _ in spec.entries():
        if entry in seen and entry != "none":
            yield SpecProblem(
                where=f"{family}.{entry}",
                message=f'{entry!r} is used twice; give one of them another name with "as"',
            )
        seen.add(entry)


def _misguided(spec: RunSpec, catalogue: Catalogue) -> Iterator[SpecProblem]:
    """Rules and plans that name what the run will not have, or ask for what it does not take."""
    if spec.rules or spec.plan:
        known = {knob.name: knob for knob in knobs_of_spec(spec, catalogue)}
        yield from _misruled(spec, known, catalogue)
        yield from _misplanned(spec, known)


def _misruled(spec: RunSpec, known: Mapping[str, KnobDescription], catalogue: Catalogue) -> Iterator[SpecProblem]:
    """Rules that act on a guard, or turn a knob, that the run will not have."""
    guards = [guard.entry for guard in spec.guards or []]
    for place, rule in enumerate(spec.rules):
        alarm, name = rule.params.get("alarm"), rule.params.get("knob")
        turning = catalogue.find("rules", rule.name).params.get("turning")
        if turning is not None and (rule.params.get("do") in turning) != bool(name):
            needs = f"takes no knob; got {name}" if name else "needs the name of the knob to turn"
            yield SpecProblem(where=f"rules.{place}.knob", message=f"{rule.params.get('do')} {needs}")
        if isinstance(alarm, str) and alarm not in guards:
            message = f"no guard called {shown(alarm)}; this run has: {', '.join(guards) or 'none'}"
            yield SpecProblem(where=f"rules.{place}.alarm", message=message)
        if isinstance(name, str) and name and not _is_to_be(name, known, spec):
            yield SpecProblem(where=f"rules.{place}.knob", message=no_such_knob(name, known, has=WILL_HAVE))
        elif isinstance(name, str) and name in known and known[name].kind != "boolean":
            for param in catalogue.find("rules", rule.name).params.get("values", ()):
                if refusal := known[name].refusal(rule.params.get(param)):
                    yield SpecProblem(where=f"rules.{place}.{param}", message=refusal)


def _misplanned(spec: RunSpec, known: Mapping[str, KnobDescription]) -> Iterator[SpecProblem]:
    """Planned changes of knobs that the run will not have, to values that they do not take, or after its end."""
    for place, planned in enumerate(spec.plan):
        if planned.step > spec.steps:
            message = f"must be at most {spec.steps}, the run's last step; got {planned.step}"
            yield SpecProblem(where=f"plan.{place}.step", message=message)
        for name, wish in planned.wishes.items():
            where = f"plan.{place}.knobs.{name}"
            if name in known and (refusal := known[name].refusal(wish.to)):
                yield SpecProblem(where=where, message=refusal)
            elif not _is_to_be(name, known, spec):
                yield SpecProblem(where=where, message=no_such_knob(name, known, has=WILL_HAVE))


def _is_to_be(name: str, known: Mapping[str, KnobDescription], spec: RunSpec) -> bool:
    """Whether the run may have such a knob. One a label, `auxiliary.weights.hair`, only the trainer knows."""
    by_label = [
        f"{entry}.{param}."
        for _, entry, component in spec.entries()
        for param, value in component.params.items()
        if value is None or isinstance(value, Mapping)
    ]
    return name in known or any(name.startswith(prefix) for prefix in by_label)


def _unmet(spec: RunSpec, catalogue: Catalogue) -> Iterator[SpecProblem]:
    for family, entry, component in spec.entries():
        description = catalogue.find(family, component.name)
        for message in mismatches(description, component.params, spec, catalogue):
            yield SpecProblem(where=f"{family}.{entry}", message=f"{component.name} {message}")
