"""A dry run: everything that a launch would say of a spec, and nothing launched."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from api import cost, spec_yaml
from api.backend import Backend
from api.placement import check_place
from api.problems import InvalidRequest, InvalidSpecRefused
from api.spec_yaml import NotYaml, Written
from api.specs import asked_spec, catalogue_of, checked
from contract.checking import CheckedSpec, CheckSpec, TextProblem
from contract.components import Catalogue
from contract.resolve import SpecProblem
from contract.runs import CreateRun
from contract.spec import RunSpec

SINGLE = {"datasets": "dataset", "networks": "network", "losses": "loss"}
"""Families whose one member stands in the spec under another name."""
OF_A_RECIPE = {"title", "look", "duration", "group", "cures", "device"}
"""What a recipe's file has beside its spec."""


def check(backend: Backend, asked: CheckSpec) -> CheckedSpec:
    """What a launch would say.

    Raises:
        InvalidRequest: if not exactly one of spec, recipe and yaml came.
        NoWorkerYet: if nobody knows what can run.
    """
    given = [name for name in ("spec", "recipe", "yaml") if getattr(asked, name) is not None]
    if len(given) != 1:
        raise InvalidRequest(f"give one of spec, recipe and yaml; {' and '.join(given) or 'none of them'} came")
    catalogue = catalogue_of(backend.redis.catalogue())
    if asked.yaml is not None:
        return _of_text(backend, asked.yaml, catalogue)
    wanted = CreateRun(spec=asked.spec, recipe=asked.recipe, overrides=asked.overrides)
    try:
        merged = asked_spec(wanted, catalogue)
    except InvalidSpecRefused as refused:
        return _refused("", {}, {}, refused.errors)
    text = spec_yaml.write(merged)
    return _looked_at(backend, merged, text, spec_yaml.read(text).lines, catalogue)


def _of_text(backend: Backend, text: str, catalogue: Catalogue) -> CheckedSpec:
    try:
        wanted, lines = _meant(spec_yaml.read(text))
        merged = asked_spec(wanted, catalogue)
    except NotYaml as error:
        return _refused(text, {}, {}, [TextProblem(where="yaml", message=error.message, line=error.line)])
    except InvalidSpecRefused as refused:
        return _refused(text, {}, {}, refused.errors)
    return _looked_at(backend, merged, text, lines, catalogue)


def _meant(written: Written) -> tuple[CreateRun, dict[str, int]]:
    """What a text asks for, and the lines of what stands in its spec.

    Raises:
        NotYaml: if it is no object, or an object of another kind.
    """
    content, lines = written.content, written.lines
    if not isinstance(content, dict):
        kind = "nothing" if content is None else f"a {type(content).__name__}"
        raise NotYaml(f"this is {kind}, not a spec: an object with dataset, network, loss …", 1)
    if "recipe" in content:
        _only(content, lines, {"recipe", "overrides", "name"})
        overrides = content.get("overrides") or {}
        if not isinstance(content["recipe"], str) or not isinstance(overrides, dict):
            raise NotYaml("recipe must be a recipe's name, and overrides an object", lines["recipe"])
        return CreateRun(recipe=content["recipe"], overrides=overrides), _inside("overrides", lines)
    if isinstance(content.get("spec"), dict):
        _only(content, lines, {"spec", "name", *OF_A_RECIPE})
        return CreateRun(spec=content["spec"]), _inside("spec", lines)
    return CreateRun(spec=content), lines


def _only(content: Mapping[str, Any], lines: Mapping[str, int], allowed: set[str]) -> None:
    """Refuse what stands beside a spec and is no part of a recipe.

    Raises:
        NotYaml: naming the first such part.
    """
    unknown = [name for name in content if name not in allowed]
    if unknown:
        known = ", ".join(sorted(allowed))
        raise NotYaml(f"{unknown[0]} has no place beside a spec; there are {known}", lines[unknown[0]])


def _inside(part: str, lines: Mapping[str, int]) -> dict[str, int]:
    """The lines of a part's own places."""
    return {place.removeprefix(f"{part}."): line for place, line in lines.items() if place.startswith(f"{part}.")}


def _looked_at(
    backend: Backend, merged: Mapping[str, Any], text: str, lines: Mapping[str, int], catalogue: Catalogue
) -> CheckedSpec:
    try:
        spec = checked(CreateRun(spec=dict(merged)), catalogue)
        check_place(backend, [spec])
    except InvalidSpecRefused as refused:
        answer = _refused(text, lines, merged, refused.errors)
        return answer.model_copy(update={"spec": dict(merged) if _has_shape(merged, catalogue) else None})
    estimate = cost.estimate(backend, spec)
    return CheckedSpec(spec=dict(merged), yaml=text, lines=dict(lines), problems=[], estimate=estimate)


def _has_shape(merged: Mapping[str, Any], catalogue: Catalogue) -> bool:
    """Whether a form can show it: every part is there, and every component is known."""
    try:
        spec = RunSpec.model_validate(merged)
    except ValidationError:
        return False
    return all(component.name in catalogue.names(family) for family, _, component in spec.entries())


def _refused(
    text: str, lines: Mapping[str, int], merged: Mapping[str, Any], problems: Sequence[SpecProblem]
) -> CheckedSpec:
    placed = [TextProblem(**{"line": _line(each.where, lines, merged), **each.model_dump()}) for each in problems]
    return CheckedSpec(spec=None, yaml=text, lines=dict(lines), problems=placed)


def _line(where: str, lines: Mapping[str, int], merged: Mapping[str, Any]) -> int | None:  # Any: JSON
    """The line of a place, or of the nearest part around it."""
    parts = _place(where.split("."), merged)
    around = (".".join(parts[:n]) for n in range(len(parts), 0, -1))
    return next((lines[place] for place in around if place in lines), None)


def _place(parts: list[str], merged: Mapping[str, Any]) -> list[str]:
    """Where the spec has what a problem names: some name a component by its family and entry."""
    family, *rest = parts
    if not rest:
        return parts
    if family in SINGLE:
        return [SINGLE[family], *rest[1:]]
    if rest[0] == "optimiser" and len(rest) > 1:
        return [family, rest[1].upper(), *rest[2:]]
    listed = merged.get(family)
    if isinstance(listed, list):
        entries = [each.get("as") or each.get("name") if isinstance(each, dict) else None for each in listed]
        return [family, str(entries.index(rest[0])), *rest[1:]] if rest[0] in entries else parts
    return parts
