"""The knobs of a run: which there are, what is in force, what is asked, and what may be asked."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from pydantic import TypeAdapter

from api.problems import InvalidKnobs
from api.tables import LedgerRow, RunRow
from contract.knobs import KnobDescription, KnobValue
from contract.numbers import dumps, loads, shown
from contract.resolve import SpecProblem
from contract.runs import KnobState
from contract.spec import RunSpec

_LIST = TypeAdapter(list[KnobDescription])


def encode(knobs: Iterable[KnobDescription]) -> str:
    """The JSON that a run's row keeps."""
    return dumps([knob.model_dump() for knob in knobs]).decode()


def decode(row: RunRow) -> list[KnobDescription]:
    """The knobs of a run; `default` is the value in force where the attempt in force began."""
    return _LIST.validate_json(row.knobs)


def states(row: RunRow, applied: Iterable[LedgerRow], unanswered: Iterable[LedgerRow]) -> list[KnobState]:
    """Every knob of a run with its value in force and the wish that waits.

    Args:
        row: the run.
        applied: its applied knob changes, in the order in which they came into force.
        unanswered: its knob requests without an outcome, oldest first.
    """
    changes = {change.name: change for change in applied if _in_force(row, change)}
    wishes = {wish.name: value(wish.new) for wish in unanswered}
    return [_state(knob, changes.get(knob.name), wishes.get(knob.name)) for knob in decode(row)]


def check(row: RunRow, wanted: Mapping[str, Any]) -> dict[str, KnobValue]:  # Any: JSON
    """The wanted values, if the run has such knobs and all the values are allowed.

    Raises:
        InvalidKnobs: if there are none, or one is unknown or out of bounds; every fault is named.
    """
    by_name = {knob.name: knob for knob in decode(row)}
    if not wanted:
        example = next(iter(by_name), "auxiliary.weight")
        raise InvalidKnobs(f'no knob came; send an object of names and values, such as {{"{example}": 1}}')
    refusals = [
        SpecProblem(where=name, message=message)
        for name, wish in wanted.items()
        if (message := _refusal(row, by_name, name, wish)) is not None
    ]
    if refusals:
        raise InvalidKnobs("; ".join(refusal.message for refusal in refusals), refusals)
    return {name: int(wish) if by_name[name].kind == "integer" else wish for name, wish in wanted.items()}


def value(text: str | None) -> KnobValue | None:
    """A knob's value from the JSON that the ledger keeps."""
    found: KnobValue | None = None if text is None else loads(text)
    return found


def _refusal(row: RunRow, known: Mapping[str, KnobDescription], name: str, wish: object) -> str | None:
    if name in known:
        return known[name].refusal(wish)
    fixed = _fixed(RunSpec.model_validate_json(row.spec))
    if name in fixed:
        return f"{name} is fixed when a run is launched, here at {shown(fixed[name])}; launch another run to change it"
    near = get_close_matches(name, known, n=3)
    hint = f"; did you mean {' or '.join(near)}?" if near else "."
    return f"no knob called {shown(name)}{hint} This run has: {', '.join(known)}"


def _fixed(spec: RunSpec) -> dict[str, Any]:
    """Everything that a spec says, by the name it would have as a knob, or by its place in the spec."""
    named = [(entry, component) for _, entry, component in spec.entries()]
    placed = [(part, getattr(spec, part)) for part in ("dataset", "network", "conditioning", "loss", "averaging")]
    parts = {
        f"{name}.{param}": value for name, component in [*named, *placed] for param, value in component.params.items()
    }
    game = {f"game.{param}": value for param, value in spec.game.model_dump().items()}
    run = {param: getattr(spec, param) for param in ("steps", "batch", "seed", "device")}
    return parts | game | run


def _in_force(row: RunRow, change: LedgerRow) -> bool:
    """A change of this attempt is in force; one of an earlier attempt once the replay has come to its step.

    Changes up to the step from which the attempt goes on are part of its first values.
    """
    if change.attempt == row.attempt:
        return True
    return change.step is not None and row.from_step < change.step <= row.step + 1


def _state(knob: KnobDescription, change: LedgerRow | None, wish: KnobValue | None) -> KnobState:
    now = None if change is None else value(change.new)
    return KnobState(
        **knob.model_dump(),
        value=knob.default if now is None else now,
        applied_step=None if change is None else change.step,
        asked=wish,
    )
