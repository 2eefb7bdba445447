"""The spec of a run: what was asked, frozen at creation; the run's identity."""

from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from contract.knobs import KnobValue, knob
from contract.numbers import Wire
from contract.ramps import Wish

Player = Literal["G", "D"]
"""G, the generator, makes samples; D, the discriminator (or critic), judges them. High logit means real."""


class ComponentSpec(BaseModel):
    """One component with its params: `{"name": "r1", "player": "D", "every": 16}`."""

    model_config = ConfigDict(extra="allow", populate_by_name=True, use_attribute_docstrings=True)

    name: str
    """The component's public name."""
    alias: str | None = Field(None, alias="as", pattern=r"^[a-z][a-z0-9_]{0,31}$")
    """What the run calls it; needed when one component is used twice."""

    @property
    def entry(self) -> str:
        """The name by which the run's knobs and series know this component."""
        return self.alias or self.name

    @property
    def params(self) -> dict[str, Any]:
        """Everything but the names."""
        return dict(self.model_extra or {})


class GameParams(BaseModel):
    """How the two players take turns."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    updates: Literal["alternating", "simultaneous"] = "alternating"
    """Alternating: G answers the D that has just been updated. Simultaneous: both gradients at the same point."""
    d_steps: int = knob(1, ge=1, le=100)
    """D steps to each G step."""
    freeze_d: bool = knob(default=False, folded=True)
    """D is not updated: its losses and gradients are computed as ever, its weights stay."""
    freeze_g: bool = knob(default=False, folded=True)
    """G is not updated: its losses and gradients are computed as ever, its weights stay."""

    @model_validator(mode="after")
    def _somebody_trains(self) -> Self:
        if self.freeze_d and self.freeze_g:
            raise ValueError("freeze_d and freeze_g cannot both be true: nobody would train; pause the run instead")
        return self

    def trains(self, player: Player) -> bool:
        """Whether the player is updated."""
        return not (self.freeze_d if player == "D" else self.freeze_g)


class WatchingParams(BaseModel):
    """What looking may cost."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True, use_attribute_docstrings=True)

    budget: float = knob(0.1, ge=0.001, le=10, scale="log", folded=True)
    """Share of the time of training that all watching may take: a monitor that would take more looks less often.
    Where the spec is silent, 0.1, and 0.2 for points and scalars, whose steps take 2 ms."""


class PlannedChange(Wire):
    """Knobs that change at a step, all of them together: `{"step": 500, "knobs": {"r1.weight": 1}}`."""

    step: int = Field(ge=1)
    """First step with the new values."""
    knobs: dict[str, KnobValue | Wish] = Field(min_length=1)
    """Name → value, or `{"to": value, "over": steps, "shape": linear, cosine or pulse}`."""
    author: str = "plan"
    """Who asked; of a replay, who asked when it was first run."""
    reason: str | None = None

    @property
    def wishes(self) -> dict[str, Wish]:
        """Name → what is wanted."""
        return {name: wish if isinstance(wish, Wish) else Wish(to=wish) for name, wish in self.knobs.items()}


class RunSpec(Wire):
    """Everything that determines a run. Same spec, machine and thread count: the same numbers."""

    dataset: ComponentSpec
    network: ComponentSpec
    conditioning: ComponentSpec = ComponentSpec(name="none")
    loss: ComponentSpec
    regularisers: list[ComponentSpec] = []
    optimisers: dict[Player, ComponentSpec] = {
        "G": ComponentSpec(name="adam"),
        "D": ComponentSpec(name="adam"),
    }
    averaging: ComponentSpec = ComponentSpec(name="none")
    game: GameParams = GameParams()
    watching: WatchingParams = WatchingParams()
    monitors: list[ComponentSpec] | None = None
    """None: every monitor that is on by default and suits the dataset."""
    guards: list[ComponentSpec] | None = None
    """None: every guard that is on by default and suits the dataset."""
    rules: list[ComponentSpec] = []
    """What acts by itself: on an alarm, on a series, or to hold a series at a target."""
    plan: list[PlannedChange] = []
    """Knob changes that are known beforehand, each at its step."""
    steps: int = Field(5000, ge=1, le=1_000_000_000)
    """G steps to train."""
    batch: int = Field(64, ge=1, le=65_536)
    """Samples a player sees in one step."""
    seed: int = Field(0, ge=0, lt=2**63)
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """A slot sees one GPU at most, so there is no index to choose."""

    @field_validator("optimisers")
    @classmethod
    def _both_players(cls, given: dict[Player, ComponentSpec]) -> dict[Player, ComponentSpec]:
        """A player that is not named gets the default."""
        return {"G": given.get("G", ComponentSpec(name="adam")), "D": given.get("D", ComponentSpec(name="adam"))}

    def entries(self) -> list[tuple[str, str, ComponentSpec]]:
        """Every component as (family, entry, spec), in the order in which a run is read, its knobs' order too."""
        players = [("optimisers", f"optimiser.{player.lower()}", self.optimisers[player]) for player in self.optimisers]
        single = (
            ("datasets", self.dataset),
            ("networks", self.network),
            ("conditioning", self.conditioning),
            ("losses", self.loss),
        )
        regularisers = [("regularisers", spec.entry, spec) for spec in self.regularisers]
        watching = (("monitors", self.monitors or []), ("guards", self.guards or []), ("rules", self.rules))
        return (
            [(family, spec.entry, spec) for family, spec in single]
            + regularisers
            + players
            + [("averaging", self.averaging.entry, self.averaging)]
            + [(family, spec.entry, spec) for family, specs in watching for spec in specs]
        )
