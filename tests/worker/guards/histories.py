"""Histories with a known onset, and guards that live through them with no training behind."""

from dataclasses import dataclass, field

import torch

from contract.events import AlarmCleared, AlarmRaised, GuardState, Log
from worker import guards
from worker.training.guarding import Guarding
from worker.training.readings import Readings

EVERY = 50


@dataclass
class Ear:
    """A reporter that keeps what guards say."""

    said: list = field(default_factory=list)
    states: list = field(default_factory=list)
    rows: list = field(default_factory=list)

    def say(self, step, body):
        (self.states if isinstance(body, GuardState) else self.said).append((step, body))

    def scalars(self, step, values):
        self.rows.append((step, values))

    def of(self, kind, guard=None):
        return [(s, b) for s, b in self.said if isinstance(b, kind) and guard in (None, getattr(b, "guard", None))]


def engine(*named, ear=None, readings=None):
    """Guards by name, or (name, params), with the engine around them."""
    made = [guards.family.create(*(each if isinstance(each, tuple) else (each, {}))) for each in named]
    return Guarding(made, readings or Readings(), ear or Ear()), made


def live(history, *named):
    """What the guards say of a history: step → values, a look every 50 steps."""
    ear = Ear()
    guarding, _ = engine(*named, ear=ear)
    for number, values in enumerate(history, start=1):
        guarding.look(
            number * EVERY, {name: torch.tensor(float(value), dtype=torch.float64) for name, value in values.items()}
        )
    return ear


def raised(ear, guard):
    """Steps at which the guard's alarm was raised."""
    return [step for step, _ in ear.of(AlarmRaised, guard)]


def cleared(ear, guard):
    return [step for step, _ in ear.of(AlarmCleared, guard)]


def logs(ear):
    return [body.message for _, body in ear.of(Log)]


def of(series, *values):
    """One series as a history."""
    return [{series: value} for value in values]
