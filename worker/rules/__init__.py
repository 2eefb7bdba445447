"""Rules: act by themselves while the run goes on. What a guard finds is told; what a rule finds is acted on.

A rule is judged as a guard is, on the same looks, with patience and cool-down, and what it remembers stands in every
checkpoint. What it asks for goes the way of everybody's requests: into the ledger, under the rule's name, in force at
the next step boundary, refused where a bound forbids it. A run that goes on after a crash repeats the ledger, and a
rule does not act a second time on what it has acted on.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from pydantic import Field

from contract.events import CommandName
from contract.knobs import KnobValue, knob
from contract.ramps import Wish
from worker.guards import Finding, Guard, GuardParams
from worker.registry import Family


@dataclass(frozen=True)
class Act:
    """What a rule asks for: knobs to turn, or a command."""

    knobs: Mapping[str, Wish] = field(default_factory=dict)
    """With the command rewind: to turn in the run that goes on."""
    command: CommandName | None = None
    back: int = 0
    """With the command rewind: by how many steps, at least, the checkpoint must be older than the finding."""


class RuleParams(GuardParams):
    """What every rule has."""

    dry_run: bool = knob(default=False)
    """Only say what would be done: the ledger has it as refused, and nothing changes."""
    patience: int = Field(1, ge=1, le=1000)
    """Looks in a row that must find it before the rule acts, or must not before it may act again."""


class Rule(Guard):
    """Acts when it finds something: once, until it finds all well again; or at every look where it `repeats`."""

    repeats: ClassVar[bool] = False
    """True for a controller, which acts at every look that finds something."""

    Params: ClassVar[type[RuleParams]] = RuleParams

    @abstractmethod
    def act(self, finding: Finding, knobs: Mapping[str, KnobValue]) -> Act | None:
        """What to do about a finding.

        Args:
            finding: this look's.
            knobs: name → value in force.

        Returns:
            What to ask for; None where nothing is left to do.
        """

    def turns(self) -> Mapping[str, KnobValue]:
        """Knobs that the rule turns → a value that it may ask for: both are checked at the start."""
        return {}

    def awaits(self) -> str | None:
        """Entry of the guard whose alarm it acts on, if it does."""
        return None


family: Family[Rule] = Family("rules", Rule)
register = family.register
