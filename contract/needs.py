"""What the components of a spec give and need of one another, and in words why some do not go together."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from contract.components import Catalogue, ComponentDescription, Family
from contract.spec import ComponentSpec, RunSpec

# Any: a fact is any JSON value, None when nobody gives it.
Facts = Mapping[str, Any]

OF_THE_SPEC = {"updates": "game.updates", "batch": "batch"}
"""Facts that no component gives: where the spec has them."""
_ONE: Mapping[Family, str] = {
    "datasets": "dataset",
    "networks": "network",
    "conditioning": "conditioning",
    "losses": "loss",
    "regularisers": "regulariser",
    "optimisers": "optimiser",
    "averaging": "averaging",
    "monitors": "monitor",
    "guards": "guard",
    "rules": "rule",
}


def facts(spec: RunSpec, catalogue: Catalogue) -> dict[str, Any]:
    """What the components of a resolved spec provide: `{"sample": "image", "size": 16, "labels": True}`."""
    known: dict[str, Any] = {"updates": spec.game.updates, "batch": spec.batch}
    for family, _, component in spec.entries():
        known |= _given(catalogue.find(family, component.name), component)
    return known


def mismatches(
    component: ComponentDescription, params: Mapping[str, Any], spec: RunSpec, catalogue: Catalogue
) -> Iterator[str]:
    """Each need of a component that a resolved spec does not meet, in words that follow its name.

    A need is a value, a list of allowed values, True for "any but none", "$param": the param's value, where
    None means no need, or {"multiple_of": "$param"}.
    """
    known = facts(spec, catalogue)
    for fact, need in component.needs.items():
        got = known.get(fact)
        if isinstance(need, Mapping):
            divisor = params.get(need["multiple_of"][1:])
            # What is no count at all is for the param's own schema to refuse.
            if isinstance(divisor, int | float) and divisor >= 1 and isinstance(got, int) and got % divisor:
                yield f"needs a {fact} that is a multiple of {divisor}; this spec has {got}"
            continue
        wanted = _value(need, params)
        if wanted is not None and not _meets(got, wanted):
            yield _reason(fact, wanted, got, spec, catalogue)


def _reason(fact: str, wanted: Any, got: Any, spec: RunSpec, catalogue: Catalogue) -> str:
    """Who could give the fact, and who is there instead; or who gives what must not be."""
    allowed = wanted if isinstance(wanted, list) else [wanted]
    if fact in OF_THE_SPEC:
        return f"needs {OF_THE_SPEC[fact]} = {_either(allowed)}; this spec has {got}"
    if None in allowed:
        culprits = [
            entry for family, entry, one in spec.entries() if fact in _given(catalogue.find(family, one.name), one)
        ]
        return f"does not go with {_either(culprits)} ({_said(fact, got)})"
    givers = [each for each in catalogue.components if _may_give(each, fact, wanted)]
    families = {each.family: None for each in givers}
    names = _either([_as_giver(each, fact, wanted) for each in givers]) or "nobody has it"
    other = f" with {_said(fact, got)}" if got not in (None, False) else ""
    here = [f"{component.name}{other}" for family, _, component in spec.entries() if family in families]
    kinds = _either([_ONE[family] for family in families]) or "component"
    asked = _said(fact, True if wanted is True else _either(allowed))
    return f"needs a {kinds} with {asked}: {names}; this spec has {_either(here) or 'none'}"


def _said(fact: str, value: Any) -> str:
    words = fact.replace("_", " ")
    return words if value is True else f"{words} = {value}"


def _given(description: ComponentDescription, component: ComponentSpec) -> dict[str, Any]:
    """The facts that a component provides as the spec has it."""
    return {fact: _value(value, component.params) for fact, value in description.provides.items()}


def _value(value: Any, params: Mapping[str, Any]) -> Any:
    """What is meant: "$param" is that param's value."""
    return params.get(value[1:]) if isinstance(value, str) and value.startswith("$") else value


def _meets(got: Any, wanted: Any) -> bool:
    if wanted is True:
        return got not in (None, False)
    return got in (wanted if isinstance(wanted, list) else [wanted])


def _may_give(description: ComponentDescription, fact: str, wanted: Any) -> bool:
    given = description.provides.get(fact)
    return (isinstance(given, str) and given.startswith("$")) or (given is not None and _meets(given, wanted))


def _as_giver(description: ComponentDescription, fact: str, wanted: Any) -> str:
    """Its name, with the param that decides."""
    given = description.provides[fact]
    decides = wanted is True and isinstance(given, str) and given.startswith("$")
    return f"{description.name} with {given[1:]}" if decides else description.name


def _either(items: Sequence[Any]) -> str:
    words = [str(item) for item in items]
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
