"""Places in a spec: `network.width`, `regularisers.0.weight`, or a knob's name, and writing values there."""

import copy
from collections.abc import Iterator, Mapping
from typing import Any

from contract.spec import RunSpec


def place_of(path: str, spec: Mapping[str, Any]) -> list[str]:  # Any: JSON
    """The parts of a path into a spec; a param may be named as its knob is.

    Args:
        path: parts joined by dots; a list's parts are counted from 0.
        spec: the spec as it was asked for, before defaults are filled in.

    Raises:
        LookupError: if it begins with what is neither a part of a spec nor one of this spec's components.

    >>> place_of("r1.weight", {"regularisers": [{"name": "r1"}]})
    ['regularisers', '0', 'weight']
    >>> place_of("optimiser.g.lr", {})
    ['optimisers', 'G', 'lr']
    """
    head, *rest = path.split(".")
    if head in RunSpec.model_fields:
        return [head, *rest]
    if head == "optimiser" and rest:
        return ["optimisers", rest[0].upper(), *rest[1:]]
    known = dict(_components(spec))
    if head not in known:
        raise LookupError(f"it has no {head!r}; it has {', '.join([*RunSpec.model_fields, *known])}")
    return [*known[head], *rest]


def put(wanted: dict[str, Any], spec: Mapping[str, Any], path: str, value: Any) -> None:  # Any: JSON
    """Write a value into overrides, so that the spec has it at that path once they are merged.

    Lists are replaced whole by a merge, so a value inside one takes the spec's list along.

    Args:
        wanted: the overrides so far; the value is written here.
        spec: what they are merged into; it is not changed.
        path: as in `place_of`.
        value: what is to stand there.

    Raises:
        LookupError: if there is no such place.
        TypeError: if the path leads into a plain value.
    """
    _put(wanted, spec, place_of(path, spec), value)


def is_given(overrides: Mapping[str, Any], spec: Mapping[str, Any], path: str) -> bool:  # Any: JSON
    """Whether overrides have a value of their own at a path; the arguments are those of `put`.

    >>> is_given({"regularisers": [{"name": "r1", "weight": 1}]}, {"regularisers": [{"name": "r1"}]}, "r1.weight")
    True
    >>> is_given({"steps": 9}, {"regularisers": [{"name": "r1"}]}, "r1.weight")
    False
    """
    found: Any = overrides
    for part in place_of(path, spec):
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, Mapping) and part in found:
            found = found[part]
        else:
            return False
    return True


def _components(spec: Mapping[str, Any]) -> Iterator[tuple[str, list[str]]]:  # Any: JSON
    """Each component by the name that its knobs begin with, and its path."""
    for part, held in spec.items():
        listed = isinstance(held, list)
        for index, component in enumerate(held if listed else [held]):
            if isinstance(component, dict) and "name" in component:
                yield component.get("as") or component["name"], [part, str(index)] if listed else [part]


def _put(here: Any, spec: Any, parts: list[str], value: Any) -> None:  # Any: JSON
    """Write the value below `here`; `spec` is what the spec has at that place.

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
        below = spec.get(head) if isinstance(spec, Mapping) else None
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
