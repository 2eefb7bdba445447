"""All knobs of a run in one place: their names, bounds and values in force."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ValidationError

from contract.knobs import KnobDescription, KnobValue, knobs_of
from contract.numbers import shown
from contract.ramps import Ramp
from worker.registry import in_words
from worker.training.game import Game


class RefusedKnob(ValueError):
    """A knob that does not exist, or a value that is not allowed; the message names the bound."""


class KnobBoard:
    """Reads and sets the knobs of a game. The parts read their params at every step, so a set value is in force."""

    def __init__(self, game: Game) -> None:
        self._params: dict[str, BaseModel] = {entry: component.params for entry, component in game.components()}
        self._params |= {"game": game.params, "watching": game.watching}
        # Found once: all schemas take 16 ms, and a checkpoint, for which the loop waits, asks for every value.
        self._known = {
            knob.name: knob
            for entry, params in self._params.items()
            for knob in knobs_of(entry, type(params).model_json_schema(), params.model_dump())
        }

        self._ramps: dict[str, Ramp] = {}
        """The knobs that are on their way."""
        self._boundary = -1
        """The step before which changes now take place …"""
        self._then: dict[str, KnobValue] = {}
        """… what those changes replaced …"""
        self._ramps_then: dict[str, Ramp] = {}
        """… and what was on its way before them."""

    def describe(self) -> list[KnobDescription]:
        """Every knob with its value in force as the default."""
        return [knob.model_copy(update={"default": self._get(name)}) for name, knob in self._known.items()]

    def values(self) -> dict[str, KnobValue]:
        """Name → value in force."""
        return {name: self._get(name) for name in self._known}

    def check(self, wanted: Mapping[str, KnobValue]) -> None:
        """Change nothing.

        Raises:
            RefusedKnob: if one of them is unknown or not allowed.
        """
        refusals = [reason for name, value in wanted.items() if (reason := self._refusal(name, value))]
        if refusals:
            raise RefusedKnob("; ".join(refusals))

    def set(self, wanted: Mapping[str, KnobValue]) -> dict[str, KnobValue]:
        """Set all of them, or none.

        Args:
            wanted: name → new value.

        Returns:
            Name → the value that was in force before.

        Raises:
            RefusedKnob: if one of them is unknown or not allowed; then nothing has changed.
        """
        self.check(wanted)
        before = self._set(wanted)
        for name in wanted:
            self._ramps.pop(name, None)
        return before

    def begin(self, ramps: Iterable[Ramp]) -> None:
        """Let knobs move from their next step on; one that is on another way leaves it.

        Raises:
            RefusedKnob: if one of them is unknown, or would end at a value that is not allowed.
        """
        begun = {ramp.name: ramp for ramp in ramps}
        self.check({name: ramp.at(ramp.last) for name, ramp in begun.items()})
        self._ramps |= begun

    def advance(self, step: int) -> tuple[dict[str, KnobValue], list[str]]:
        """Bring the knobs that are on their way to where they are at a step.

        Returns:
            Name → the value now in force; and why some stop where they are: their component does not allow more.
        """
        moved: dict[str, KnobValue] = {name: ramp.at(step) for name, ramp in self._ramps.items()}
        self._ramps = {name: ramp for name, ramp in self._ramps.items() if step < ramp.last}
        try:
            self._set(moved)
        except RefusedKnob:
            return self._advance_singly(moved)
        return moved, []

    def _advance_singly(self, wanted: Mapping[str, KnobValue]) -> tuple[dict[str, KnobValue], list[str]]:
        moved, refused = {}, []
        for name, value in wanted.items():
            try:
                self._set({name: value})
                moved[name] = value
            except RefusedKnob as error:
                self._ramps.pop(name, None)
                refused.append(f"{name} stays at {shown(self._get(name))}: {error}")
        return moved, refused

    def begin_boundary(self, step: int) -> None:
        """What is changed from now on is in force from this step on, and no part of the step before."""
        if step != self._boundary:
            self._boundary, self._then, self._ramps_then = step, {}, dict(self._ramps)

    def after(self, done: int) -> tuple[dict[str, KnobValue], list[Ramp]]:
        """Values and ramps as they were when that step was over: what its checkpoint holds.

        A paused run may have changed knobs since; the ledger has those, under the next step, and they are set again.
        """
        if self._boundary != done + 1:
            return self.values(), list(self._ramps.values())
        return {**self.values(), **self._then}, list(self._ramps_then.values())

    def base(self, name: str) -> KnobValue:
        """The value that a knob has when its pulse is over, if it has one: else the one in force."""
        ramp = self._ramps.get(name)
        return ramp.old if ramp is not None and ramp.shape == "pulse" else self._get(name)

    def is_whole(self, name: str) -> bool:
        """Whether the knob takes whole numbers only."""
        return self._known[name].kind == "integer"

    def fitting(self, name: str, number: KnobValue) -> KnobValue:
        """A number as the knob takes it: a rule's params are numbers, and a knob may be a switch or count."""
        kind = self._known[name].kind if name in self._known else "number"
        if kind == "boolean" and number in (0, 1):
            return bool(number)
        return round(number) if kind == "integer" and number == round(number) else number

    def _set(self, wanted: Mapping[str, KnobValue]) -> dict[str, KnobValue]:
        before = {name: self._get(name) for name in wanted}
        try:
            self._put_all(list(wanted.items()), before)
        except ValidationError:
            # One knob may bound another: of a pair that is allowed, one order or the other always works.
            try:
                self._put_all(list(wanted.items())[::-1], before)
            except ValidationError as error:
                raise RefusedKnob(in_words(error)) from error
        for name, value in before.items():
            self._then.setdefault(name, value)
        return before

    def _put_all(self, wanted: Sequence[tuple[str, KnobValue]], before: Mapping[str, KnobValue]) -> None:
        """Put them in that order; where one is refused, take back those before it, the last one first.

        Raises:
            ValidationError: of the one that is refused; then all is as before.
        """
        for index, (name, value) in enumerate(wanted):
            try:
                self._put(name, value)
            except ValidationError:
                for done, _ in reversed(wanted[: index + 1]):
                    self._put(done, before[done])
                raise

    def _refusal(self, name: str, value: KnobValue) -> str | None:
        if name not in self._known:
            return f"no knob called {shown(name)}; this run has: {', '.join(self._known)}"
        return self._known[name].refusal(value)

    def _find(self, name: str) -> tuple[BaseModel, str, str | None]:
        """The params that hold a knob, its field, and the key inside the field if that holds one value a key."""
        entry = max((entry for entry in self._params if name.startswith(f"{entry}.")), key=len)
        field, _, key = name.removeprefix(f"{entry}.").partition(".")
        return self._params[entry], field, key or None

    def _get(self, name: str) -> KnobValue:
        params, field, key = self._find(name)
        value: Any = getattr(params, field)  # Any: a number, or numbers by key
        found: KnobValue = value if key is None else value[key]
        return found

    def _put(self, name: str, value: KnobValue) -> None:
        params, field, key = self._find(name)
        setattr(params, field, value if key is None else {**getattr(params, field), key: value})
