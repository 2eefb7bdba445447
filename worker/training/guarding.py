"""Runs the guards: when each looks, what it sees, when its alarm is raised and cleared, and what if it breaks.

In an ordinary step nothing is done. At a look, everything that the due guards read is fetched from the device at once.
A series whose monitor was stretched or switched off is kept from the guards: when it is measured depends on the
clock from then on, and what a guard finds must not. That is said, once.
"""

import time
import traceback
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from torch import Tensor

from contract.events import AlarmCleared, AlarmRaised, GuardState, Log, Watchfulness
from contract.knobs import KnobValue
from worker.guards import Clear, Finding, Guard, Look, fits
from worker.rules import Act, Rule
from worker.training.readings import Readings
from worker.training.reporter import Reporter, fetch


class Steering(Protocol):
    """What a rule can do: see `worker.training.control`."""

    def values(self) -> Mapping[str, KnobValue]:
        """Every knob's value in force."""

    def act(self, done: int, rule: str, wanted: Act, *, began: int, reason: str, dry_run: bool) -> None:
        """Ask for it in the rule's name; it takes effect at the boundary after that step."""


class Unsteered:
    """No run at all: guards alone, as a study replays them."""

    def values(self) -> Mapping[str, KnobValue]:
        """None."""
        return {}

    def act(self, done: int, rule: str, wanted: Act, *, began: int, reason: str, dry_run: bool) -> None:
        """Nothing."""


class Guarding:
    """The guards and rules of one run, in the order of the spec.

    Guards that combine what others found look after them, and rules after all guards.
    """

    def __init__(
        self, guards: Sequence[Guard], readings: Readings, reporter: Reporter, steering: Steering | None = None
    ) -> None:
        self._guards = sorted(guards, key=lambda guard: (isinstance(guard, Rule), guard.combines))
        self._readings = readings
        self._reporter = reporter
        self._steering = steering or Unsteered()
        self._wanted: dict[tuple[str, str], bool] = {}
        """(Entry, series) → whether the guard reads it."""
        self._told: set[tuple[str, str]] = set()
        self._states: dict[str, Watchfulness] = {}
        """Entry → the state that was said last."""

    def announce(self, step: int, series: Collection[str]) -> None:
        """Say of each guard whether it can watch: silence must not be taken for a quiet guard.

        Args:
            step: that the run goes on from.
            series: every series that the run can yield.
        """
        for guard in self._guards:
            absent = [pattern for pattern in guard.reads() if not any(fits(name, [pattern]) for name in series)]
            if guard.alarm.is_off:
                self._turn(step, guard, "off", "it failed before the last checkpoint")
            elif absent and len(absent) == len(guard.reads()):
                self._turn(step, guard, "idle", f"no monitor of this run measures {', '.join(absent)}")
            elif guard.combines and len(self._guards) == 1:
                self._turn(step, guard, "idle", "there is no other guard to combine")
            elif guard.alarm.found or guard.alarm.quiet:
                self._turn(step, guard, "watching")
            else:
                self._turn(step, guard, "calibrating")

    def look(self, step: int, report: Mapping[str, Tensor | float]) -> float:
        """Let every guard look that is due.

        Args:
            step: the step that has just ended.
            report: what it reported; may still be on the device.

        Returns:
            Seconds that this took.
        """
        due = [guard for guard in self._guards if not guard.alarm.is_off and step % guard.params.every == 0]
        if not due:
            return 0.0
        began = time.perf_counter()
        now, measured = self._fetched(step, due, report)
        for guard in due:
            self._say_if_blind(step, guard, report)
            self._ask(guard, self._seen(guard, step, now, measured))
        took = time.perf_counter() - began
        self._reporter.scalars(step, {"cost.guards": took * 1000})
        return took

    def _fetched(
        self, step: int, due: Sequence[Guard], report: Mapping[str, Tensor | float]
    ) -> tuple[dict[str, float], dict[str, float]]:
        """What the step reported, and what monitors measured since these guards' last looks: as floats."""
        oldest = step - max(guard.params.every for guard in due)
        fresh = {name: reading for name, reading in self._readings.newest.items() if reading.step > oldest}
        names = [name for name in report if any(self._reads(guard, name) for guard in due)]
        others = [name for name in fresh if any(self._reads(guard, name) for guard in due)]
        numbers = fetch([*(report[name] for name in names), *(fresh[name].value for name in others)])
        now = dict(zip(names, numbers, strict=False))
        return now, dict(zip(others, numbers[len(names) :], strict=True))

    def _seen(self, guard: Guard, step: int, now: Mapping[str, float], measured: Mapping[str, float]) -> Look:
        values = {name: value for name, value in now.items() if self._reads(guard, name)}
        for name, value in measured.items():
            reading = self._readings.newest[name]
            if reading.step <= step - guard.params.every or not self._reads(guard, name):
                continue
            if reading.monitor in self._readings.unread:
                self._tell(step, guard, name, reading.monitor)
            else:
                values[name] = value
        # Sorted: the order in which monitors measured is not the same after a checkpoint.
        seen = Look(step, dict(sorted(values.items())))
        if not guard.combines:
            return seen
        return replace(seen, raised=self._raised()) if isinstance(guard, Rule) else self._combined(seen)

    def _say_if_blind(self, step: int, guard: Guard, report: Mapping[str, Tensor | float]) -> None:
        """A guard all of whose series are kept from it watches no more."""
        unread = self._readings.unread
        sources = {reading.monitor for name, reading in self._readings.newest.items() if self._reads(guard, name)}
        if sources and sources <= unread.keys() and not any(self._reads(guard, name) for name in report):
            self._turn(step, guard, "idle", "; ".join(sorted(unread[monitor] for monitor in sources)))

    def _combined(self, seen: Look) -> Look:
        """With the guards that found something, and those who are sure, though a cool-down may keep them quiet."""
        others = [g for g in self._guards if not (g.combines or g.alarm.is_off or isinstance(g, Rule))]
        found = [guard for guard in others if guard.alarm.raised_at is not None or guard.alarm.found > 0]
        sure = [g for g in found if g.alarm.raised_at is not None or g.alarm.found >= g.params.patience]
        active = {guard.kind: guard.alarm.evidence for guard in found}
        return replace(seen, active=active, confirmed=frozenset(guard.kind for guard in sure))

    def _raised(self) -> dict[str, dict[str, float]]:
        guards = [guard for guard in self._guards if not isinstance(guard, Rule)]
        return {guard.entry: guard.alarm.evidence for guard in guards if guard.alarm.raised_at is not None}

    def _ask(self, guard: Guard, look: Look) -> None:
        try:
            outcome = guard.judge(look)
        except Exception as error:  # noqa: BLE001  # a border: a guard that breaks never stops a run
            guard.alarm.is_off = True
            details = "".join(traceback.format_exception(error))
            message = f"guard {guard.entry} failed and is off: {type(error).__name__}: {error}\n{details}"
            self._reporter.say(look.step, Log(level="error", message=message))
            self._turn(look.step, guard, "off", f"{type(error).__name__}: {error}")
            return
        if outcome is not None:
            self._turn(look.step, guard, "watching")
        if isinstance(outcome, Finding):
            self._found(guard, look.step, outcome)
        elif isinstance(outcome, Clear):
            self._quiet(guard, look.step, outcome)

    def _found(self, guard: Guard, step: int, finding: Finding) -> None:
        alarm, params = guard.alarm, guard.params
        alarm.found, alarm.quiet, alarm.evidence = alarm.found + 1, 0, dict(sorted(finding.evidence.items()))
        cooled = alarm.cleared_at is None or step - alarm.cleared_at >= params.cool_down
        if isinstance(guard, Rule) and guard.repeats:
            self._act(guard, step, finding)
        elif alarm.raised_at is None and alarm.found >= params.patience and cooled:
            alarm.raised_at = step
            if isinstance(guard, Rule):
                self._act(guard, step, finding)
            else:
                body = AlarmRaised(guard=guard.entry, message=finding.message, evidence=dict(finding.evidence))
                self._reporter.say(step, body)

    def _act(self, rule: Rule, step: int, finding: Finding) -> None:
        wanted = rule.act(finding, self._steering.values())
        if wanted is not None:
            watched = next((guard for guard in self._guards if guard.entry == rule.awaits()), rule)
            began = (watched.alarm.raised_at or step) - (watched.params.patience - 1) * watched.params.every
            self._steering.act(
                step, rule.entry, wanted, began=began, reason=finding.message, dry_run=rule.params.dry_run
            )

    def _quiet(self, guard: Guard, step: int, clear: Clear) -> None:
        alarm = guard.alarm
        alarm.found, alarm.quiet = 0, alarm.quiet + 1
        if alarm.raised_at is not None and alarm.quiet >= guard.params.patience:
            alarm.raised_at, alarm.cleared_at, alarm.evidence = None, step, {}
            if not isinstance(guard, Rule):
                self._reporter.say(step, AlarmCleared(guard=guard.entry, message=clear.message))

    def _turn(self, step: int, guard: Guard, state: Watchfulness, reason: str = "") -> None:
        if self._states.get(guard.entry) != state:
            self._states[guard.entry] = state
            self._reporter.say(step, GuardState(guard=guard.entry, state=state, reason=reason))

    def _reads(self, guard: Guard, name: str) -> bool:
        key = guard.entry, name
        if key not in self._wanted:
            self._wanted[key] = fits(name, guard.reads())
        return self._wanted[key]

    def _tell(self, step: int, guard: Guard, name: str, monitor: str) -> None:
        if (guard.entry, monitor) in self._told:
            return
        self._told.add((guard.entry, monitor))
        reason = self._readings.unread[monitor]
        message = f"guard {guard.entry} reads {name} no longer: {reason}. Alarms must not depend on the clock"
        self._reporter.say(step, Log(level="warning", message=message))


def watched_monitors(guards: Sequence[Guard], series_of: Mapping[str, Collection[str]]) -> set[str]:
    """The monitors that a guard reads, by entry.

    Args:
        guards: of the run.
        series_of: entry of a monitor → the series that it yields.
    """
    patterns = [pattern for guard in guards for pattern in guard.reads()]
    return {entry for entry, names in series_of.items() if any(fits(name, patterns) for name in names)}
