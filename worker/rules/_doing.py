"""The things that a rule may do when what it watches for happens: its params, and the act that they mean."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from contract.knobs import KnobValue
from contract.knobs import knob as live
from contract.ramps import MOST_STEPS, Shape, Wish
from worker.guards import Finding
from worker.rules import Act, Rule, RuleParams

Deed = Literal["set", "pause", "checkpoint", "stop", "park", "rewind"]
TURNING = ("set", "rewind")
"""What needs a knob."""


class DoingParams(RuleParams):
    """What is done."""

    model_config = ConfigDict(json_schema_extra={"turning": list(TURNING), "values": ["to"]})
    """So that the api, too, can refuse a deed without the knob that it needs, or a value which that does not take."""

    do: Deed = "pause"
    """Turn a knob (set); hold the run (pause); write a checkpoint; end the run (stop); free its slot (park); or go back
    to the newest checkpoint from before the finding (rewind): then this run stops, and a fork goes on from there."""
    knob: str = ""
    """With set, the knob to turn; with rewind, the one to turn in the run that goes on, which else repeats itself."""
    to: float = live(0.0)
    """Its new value; of a knob that is on or off, 1 is on."""
    over: int = live(1, ge=1, le=MOST_STEPS, scale="log", folded=True)
    """Steps over which it moves there; of a pulse, for which it stays there."""
    shape: Shape = "linear"
    """How it moves: linear, cosine, or pulse (there at once, and back afterwards)."""
    back: int = Field(500, ge=0, le=1_000_000_000)
    """With rewind: the checkpoint is at least so many steps older than the finding."""

    @model_validator(mode="after")
    def _knob_where_needed(self) -> Self:
        if (self.do in TURNING) != bool(self.knob):
            needs = f"takes no knob; got {self.knob}" if self.knob else "needs the name of the knob to turn"
            raise ValueError(f"do: {self.do} {needs}")
        return self


class DoingRule(Rule):
    """A rule that does one of these."""

    Params: ClassVar[type[DoingParams]] = DoingParams
    params: Any  # the subclass's own Params, which has those of DoingParams

    def act(self, finding: Finding, knobs: Mapping[str, KnobValue]) -> Act | None:
        """Always the same."""
        wish = Wish(to=self.params.to, over=self.params.over, shape=self.params.shape)
        wishes = dict.fromkeys(self.turns(), wish)
        if self.params.do == "set":
            return Act(knobs=wishes)
        return Act(knobs=wishes, command=self.params.do, back=self.params.back)

    def turns(self) -> Mapping[str, KnobValue]:
        """The knob, where there is one."""
        return {self.params.knob: self.params.to} if self.params.do in TURNING else {}
