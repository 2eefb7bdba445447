"""`--set network.width=32`, `--set r1.weight=1`: from a command line to overrides of a recipe's spec."""

import copy
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

from contract.spec import RunSpec


class BadOverride(ValueError):
    """A `--set` that cannot be understood, and why."""


SPEC_FILES = (".yaml", ".yml", ".json")
"""Endings of a file that holds a spec; JSON is YAML too."""


def read_spec(path: Path) -> dict[str, Any]:  # Any: JSON
    """The spec in a file.

    Raises:
        BadOverride: if there is no such file, or it holds something else.
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeError, yaml.YAMLError) as error:
        raise BadOverride(f"{path} cannot be read as a spec: {error}") from error
    if not isinstance(found, dict):
        raise BadOverride(f"{path} holds {type(found).__name__}, not a spec: an object with dataset, network, loss …")
    return found


def value_of(text: str) -> Any:  # Any: JSON
    """A value as typed: JSON when it is JSON, else the text itself.

    >>> value_of("1e-4"), value_of("true"), value_of("hinge"), value_of('"5"')
    (0.0001, True, 'hinge', '5')
    """
    try:
        return json.loads(text, parse_constant=str)
    except ValueError:
        return text


def split(assignment: str) -> tuple[str, Any]:  # Any: JSON
    """The path and the value of `path=value`.

    Raises:
        BadOverride: if there is no `=` or no path.
    """
    path, sign, text = assignment.partition("=")
    if not sign or not path.strip():
        raise BadOverride(f"{assignment!r} is not of the form path=value, for example network.width=32")
    return path.strip(), value_of(text.strip())


def overrides(assignments: Iterable[str], spec: dict[str, Any]) -> dict[str, Any]:  # Any: JSON
    """What must be merged into a recipe's spec so that each path has its value.

    Lists are replaced whole by a merge, so an override inside one (`regularisers.0.weight=2`) takes the recipe's list
    along.

    Args:
        assignments: `path=value`, the path's parts joined by dots; a list's parts are counted from 0. A knob's name is
            a path too: `r1.weight` is the weight of the recipe's component of that name.
        spec: the recipe's spec; it is not changed.

    Returns:
        The overrides, for the api to merge.

    Raises:
        BadOverride: if an assignment cannot be understood, or a path leads through what is no object or list.
    """
    wanted: dict[str, Any] = {}
    for assignment in assignments:
        path, value = split(assignment)
        try:
            _put(wanted, spec, _placed(path.split("."), spec), value)
        except (LookupError, ValueError, TypeError) as error:
            raise BadOverride(f"{assignment!r} does not fit the recipe: {error}") from error
    return wanted


def _placed(parts: list[str], spec: dict[str, Any]) -> list[str]:  # Any: JSON
    """The path of a param that is named as its knob is: `r1.weight` is `regularisers.0.weight`.

    Raises:
        LookupError: if it begins with what is neither a part of a spec nor one of the recipe's components.
    """
    head, *rest = parts
    if head in RunSpec.model_fields:
        return parts
    if head == "optimiser" and rest:
        return ["optimisers", rest[0].upper(), *rest[1:]]
    known = dict(_places(spec))
    if head not in known:
        raise LookupError(f"it has no {head!r}; it has {', '.join([*RunSpec.model_fields, *known])}")
    return [*known[head], *rest]


def _places(spec: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:  # Any: JSON
    """Each component by the name that its knobs begin with, and its path."""
    for part, held in spec.items():
        listed = isinstance(held, list)
        for index, component in enumerate(held if listed else [held]):
            if isinstance(component, dict) and "name" in component:
                yield component.get("as") or component["name"], [part, str(index)] if listed else [part]


def _put(here: Any, recipe: Any, parts: list[str], value: Any) -> None:  # Any: JSON
    """Write the value below `here`; `recipe` is what the recipe has at that place.

    Raises:
        TypeError: if the path leads into a plain value.
    """
    head, *rest = parts
    if isinstance(here, list):
        _put_in_list(here, head, rest, value)
    elif not isinstance(here, dict):
        raise TypeError(f"{head!r} would be inside {here!r}, which has no parts")
    elif not rest:
        here[head] = value
    else:
        below = recipe.get(head) if isinstance(recipe, dict) else None
        _put(here.setdefault(head, copy.deepcopy(below) if isinstance(below, list) else {}), below, rest, value)


def _put_in_list(here: list[Any], head: str, rest: list[str], value: Any) -> None:  # Any: JSON
    """Write the value at, or below, one place of a list.

    Raises:
        LookupError: if there is no such place.
    """
    if not head.isdecimal() or int(head) >= len(here):
        raise LookupError(f"{head!r} must be a place in a list of {len(here)}, counted from 0")
    if rest:
        _put(here[int(head)], None, rest, value)
    else:
        here[int(head)] = value
