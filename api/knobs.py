"""The knobs of a run: which there are, what is in force, what is asked, and what may be asked."""

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from api.problems import InvalidKnobs, invalid
from api.tables import LedgerRow, RunRow
from contract.knobs import KnobDescription, KnobValue, no_such_knob
from contract.numbers import dumps, loads, shown
from contract.ramps import SHAPES, Ramp, Wish, last_step, takes_time
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
    done = {change.name: change for change in applied if change.attempt == row.attempt or _is_repeated(row, change)}
    changes = {name: change for name, change in done.items() if _is_later(row, change)}
    wishes = {wish.name: value(wish.new) for wish in unanswered}
    return [_state(row, knob, changes.get(knob.name), wishes.get(knob.name)) for knob in decode(row)]


def check(row: RunRow, wanted: Mapping[str, Any]) -> dict[str, Wish]:  # Any: JSON
    """What is wanted, each a value or a `Wish`, if the run has such knobs and all the values are allowed.

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
    return {name: _wish(by_name[name], wish) for name, wish in wanted.items()}


def value(text: str | None) -> KnobValue | None:
    """A knob's value from the JSON that the ledger keeps."""
    found: KnobValue | None = None if text is None else loads(text)
    return found


def _refusal(row: RunRow, known: Mapping[str, KnobDescription], name: str, wish: object) -> str | None:
    if name in known:
        return _ramp_refusal(known[name], wish) if isinstance(wish, Mapping) else known[name].refusal(wish)
    fixed = _fixed(RunSpec.model_validate_json(row.spec))
    if name in fixed:
        return f"{name} is fixed when a run is launched, here at {shown(fixed[name])}; launch another run to change it"
    return no_such_knob(name, known)


def _ramp_refusal(knob: KnobDescription, wish: Mapping[str, Any]) -> str | None:
    """Why a knob cannot be moved like that."""
    try:
        ramp = Wish.model_validate(wish)
    except ValidationError as error:
        faults = "; ".join(f"{one.where}: {one.message}" for one in invalid(error.errors()))
        return f'{knob.name}: give a value, or {{"to": value, "over": steps, "shape": {SHAPES}}}; {faults}'
    if knob.kind == "boolean" and ramp.over > 1 and ramp.shape != "pulse":
        return f'{knob.name} is on or off: it cannot move over {ramp.over} steps; "shape": "pulse" turns it for so long'
    return knob.refusal(wish["to"])


def _wish(knob: KnobDescription, wish: Any) -> Wish:
    whole = Wish.model_validate(wish if isinstance(wish, Mapping) else {"to": wish})
    to = int(whole.to) if knob.kind == "integer" else whole.to
    return whole.model_copy(update={"to": to})


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


def _is_repeated(row: RunRow, change: LedgerRow) -> bool:
    """Whether the attempt in force has come to a change of an earlier attempt."""
    return change.step is not None and change.step <= row.step + 1


def _is_later(row: RunRow, change: LedgerRow) -> bool:
    """Whether the first values of the attempt in force lack some of the change."""
    return change.attempt == row.attempt or last_of(change) > row.from_step


def _state(row: RunRow, knob: KnobDescription, change: LedgerRow | None, wish: KnobValue | None) -> KnobState:
    now = None if change is None else after(change, row.step, is_whole=knob.kind == "integer")
    return KnobState(
        **knob.model_dump(),
        value=knob.default if now is None else now,
        applied_step=None if change is None else change.step,
        asked=wish,
    )


def after(change: LedgerRow, step: int, *, is_whole: bool) -> KnobValue | None:
    """The value that a change has brought a knob to at a step: one may move over several."""
    old, new = value(change.old), value(change.new)
    if not takes_time(change.over, change.shape) or old is None or new is None:
        return new
    about = {"start": change.step, "old": old, "new": new, "over": change.over, "shape": change.shape}
    return Ramp.model_validate({"name": change.name, "is_whole": is_whole, **about}).at(step)


def last_of(change: LedgerRow) -> int:
    """Step from which on nothing of an applied change moves any more."""
    return last_step(change.step or 0, change.over, change.shape)
