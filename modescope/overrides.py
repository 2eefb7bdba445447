"""`--set network.width=32`, `--set r1.weight=1`: from a command line to overrides of a recipe's spec."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from contract.places import put


class BadOverride(ValueError):
    """A `--set` or an `--axis` that cannot be understood, and why."""


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
            put(wanted, spec, path, value)
        except (LookupError, ValueError, TypeError) as error:
            raise BadOverride(f"{assignment!r} does not fit the recipe: {error}") from error
    return wanted
