"""Guards on what was written down: the same engine, the same looks, without training again."""

from collections.abc import Mapping, Sequence
from typing import Any

from contract.components import Catalogue
from contract.events import AlarmRaised, Body
from contract.resolve import resolve
from contract.spec import RunSpec
from worker.families import FAMILIES
from worker.monitors import SampleGrid
from worker.training.guarding import Guarding
from worker.training.readings import Readings
from worker.training.reporter import Value

Looks = Sequence[Mapping[str, Any]]  # {"step": int, "values": {series: number}}


class Ear:
    """A reporter that keeps the alarms."""

    def __init__(self) -> None:
        self.alarms: dict[str, list[int]] = {}

    def say(self, step: int, body: Body) -> None:
        if isinstance(body, AlarmRaised):
            self.alarms.setdefault(body.guard, []).append(step)

    def scalars(self, step: int, values: Mapping[str, Value]) -> None:
        return

    def grid(self, step: int, grid: SampleGrid) -> None:
        return


def guards_of(spec: RunSpec, catalogue: Catalogue) -> list[str]:
    """Every guard that suits a spec, default or not: the report says what each is worth."""
    names = []
    for name in catalogue.names("guards"):
        asked = spec.model_dump(mode="json", by_alias=True) | {"guards": [{"name": name}]}
        try:
            resolve(RunSpec.model_validate(asked), catalogue)
        except ValueError:
            continue
        names.append(name)
    return names


def alarms(names: Sequence[str], looks: Looks) -> dict[str, list[int]]:
    """The steps at which each guard, at its default params, would have raised its alarm.

    Args:
        names: of the guards, which all look together: some combine the others.
        looks: as `one.measured` gives them.
    """
    ear = Ear()
    guards = [FAMILIES["guards"].create(name, {}) for name in names]
    guarding = Guarding(guards, Readings(), ear)
    for look in looks:
        guarding.look(look["step"], look["values"])
    return {name: ear.alarms.get(name, []) for name in names}
