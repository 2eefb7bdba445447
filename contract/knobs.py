"""Knobs: params that may change while a run goes on. Declared on the field, found in the JSON schema.

A component marks a field with `knob(...)`; bounds, unit and scale travel in the field's JSON schema, so the
api can refuse a value, and the page can draw a slider, without importing the component.
"""

import math
from collections.abc import Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Literal

from pydantic import Field
from pydantic.config import JsonDict

from contract.numbers import Wire, shown

Scale = Literal["linear", "log"]
Kind = Literal["number", "integer", "boolean"]
KnobValue = bool | int | float
WIDEST_LINEAR = 1e4
"""Highest to lowest value, or to 1, over which a linear slider can still be set to what is meant."""


def knob(
    default: Any,  # Any: a field's default is of the field's own type
    *,
    scale: Scale | None = None,
    unit: str = "",
    resets: str = "",
    folded: bool = False,
    **bounds: float,
) -> Any:  # Any: it stands where a value of the field's type is declared, as pydantic's own Field does
    """A pydantic field that may change mid-run.

    Args:
        default: value at the start. A dict makes one knob a key; its values' type carries the bounds.
        scale: how a slider should run; None: log where the bounds are more than four decades apart.
        unit: shown beside the value.
        resets: what a change of this knob throws away ("the sum of gradients"); people are told before they apply it.
        folded: one that few people turn, which the page keeps folded away.
        **bounds: `ge`, `gt`, `le`, `lt`, as pydantic takes them.

    Returns:
        The field.
    """
    reach = bounds.get("le", bounds.get("lt", 1.0)) / max(bounds.get("ge", bounds.get("gt", 0.0)), 1.0)
    chosen = scale or ("log" if reach > WIDEST_LINEAR else "linear")
    mark: JsonDict = {"knob": {"scale": chosen, "unit": unit, "resets": resets, "folded": folded}}
    return Field(default, json_schema_extra=mark, **bounds)  # type: ignore[call-overload]  # bounds by keyword


class KnobDescription(Wire):
    """One knob of one run: its name, what values it takes, and what it does."""

    name: str
    """`<entry>.<param>`, or `<entry>.<param>.<key>` for a param that holds one value a key."""
    kind: Kind = "number"
    default: KnobValue
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: bool = False
    """True when the minimum itself is not allowed."""
    exclusive_maximum: bool = False
    scale: Scale = "linear"
    unit: str = ""
    help: str = ""
    resets: str = ""
    """What a change of this knob throws away; empty: nothing."""
    folded: bool = False
    """True for one that few people turn: the page keeps it folded away."""

    def refusal(self, value: object) -> str | None:
        """Why the value is not allowed, or None when it is.

        >>> KnobDescription(name="r1.weight", default=10, minimum=0, maximum=100).refusal(-1)
        'r1.weight must be a number from 0 to 100; got -1'
        """
        return None if self._allows(value) else f"{self.name} must be {self.allowed}; got {shown(value)}"

    @property
    def allowed(self) -> str:
        """The allowed values in words."""
        if self.kind == "boolean":
            return "true or false"
        what = "a whole number" if self.kind == "integer" else "a number"
        low = None if self.minimum is None else f"{'above' if self.exclusive_minimum else 'from'} {self.minimum:g}"
        high = None if self.maximum is None else f"{'below' if self.exclusive_maximum else 'to'} {self.maximum:g}"
        return " ".join(part for part in (what, low, high) if part is not None)

    def _allows(self, value: object) -> bool:
        if self.kind == "boolean":
            return isinstance(value, bool)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        if not math.isfinite(value) or (self.kind == "integer" and value != int(value)):
            return False
        above = self.minimum is None or value > self.minimum or (value == self.minimum and not self.exclusive_minimum)
        below = self.maximum is None or value < self.maximum or (value == self.maximum and not self.exclusive_maximum)
        return above and below


def knobs_of(
    entry: str, schema: Mapping[str, Any], values: Mapping[str, Any]
) -> Iterator[KnobDescription]:  # Any: JSON
    """The knobs of one component.

    Args:
        entry: the name by which the run knows the component.
        schema: JSON schema of its params.
        values: its resolved params; they become the defaults, and their keys decide how many knobs a dict makes.

    Yields:
        A description a knob, in the order of the fields.
    """
    for param, prop in schema.get("properties", {}).items():
        if "knob" not in prop:
            continue
        value = values.get(param, prop.get("default"))
        if isinstance(value, Mapping):
            for key, item in value.items():
                yield _describe(f"{entry}.{param}.{key}", {**prop, **prop["additionalProperties"]}, item)
        elif value is not None:
            yield _describe(f"{entry}.{param}", prop, value)


def no_such_knob(name: str, known: Collection[str], *, has: str = "This run has") -> str:
    """In words: that there is no such knob, what comes near, and what there is.

    >>> no_such_knob("r1.weights", ["r1.weight"])
    'no knob called "r1.weights"; did you mean r1.weight? This run has: r1.weight'
    """
    near = get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"no knob called {shown(name)}{hint} {has}: {', '.join(known)}"


_SCHEMA_WORDS = {
    "ge": "minimum",
    "gt": "exclusiveMinimum",
    "le": "maximum",
    "lt": "exclusiveMaximum",
}


def _describe(name: str, prop: Mapping[str, Any], value: Any) -> KnobDescription:
    return KnobDescription(
        name=name,
        kind=prop["type"],
        default=value,
        minimum=prop.get("minimum", prop.get("exclusiveMinimum")),
        maximum=prop.get("maximum", prop.get("exclusiveMaximum")),
        exclusive_minimum="exclusiveMinimum" in prop,
        exclusive_maximum="exclusiveMaximum" in prop,
        scale=prop["knob"]["scale"],
        unit=prop["knob"]["unit"],
        help=prop.get("description", ""),
        resets=prop["knob"].get("resets", ""),
        folded=prop["knob"].get("folded", False),
    )
