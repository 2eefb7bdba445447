"""Events: anything a run says. Appended to one log, never changed.

An event is an envelope (who says it, about which run, at which step) and a body whose shape its kind decides.
`to_fields` and `from_fields` are the only place where an event meets the form it has inside a Redis stream.
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

from pydantic import Field

from contract.knobs import KnobDescription, KnobValue
from contract.numbers import Wire, dumps, loads
from contract.ramps import Shape

VERSION = 1
"""Version of the event format; a reader refuses one that it does not know."""

Source = Literal["trainer", "supervisor", "api"]
Status = Literal["queued", "starting", "running", "paused", "parked", "finished", "stopped", "failed", "lost"]
ACTIVE: frozenset[str] = frozenset({"queued", "starting", "running", "paused", "lost"})
"""States in which a run has, awaits, or will get a trainer."""
CommandName = Literal["pause", "resume", "step", "stop", "checkpoint", "park", "rewind"]
Outcome = Literal["applied", "refused", "superseded", "lost"]
Watchfulness = Literal["idle", "calibrating", "watching", "off"]
Number = float
"""A float that may be NaN or infinite; on the wire then one of three strings."""


class Body(Wire):
    """Base of the bodies; `kind` is the event kind that carries it."""

    kind: ClassVar[str]


class SeriesInfo(Wire):
    """A series that a run announces when it starts."""

    name: str
    kind: str = "scalar"
    unit: str = ""
    meaning: str = ""
    high_is: str = "neither"
    chart: str | None = None
    monitor: str | None = None
    """Entry of the monitor that yields it; None for what the loop itself reports."""


class RunStatus(Body):
    """The run has come into a state."""

    kind: ClassVar[str] = "run.status"
    status: Status
    reason: str | None = None
    """Why, in words for a person; always given for failed, lost and stopped."""
    traceback: str | None = None
    from_step: int | None = None
    """With `running` at an attempt's start: the step it goes on from. Later steps of lower attempts are superseded."""
    device: str | None = None
    knobs: list[KnobDescription] | None = None
    """With `running` at an attempt's start: every knob with its value in force as `default`."""
    series: list[SeriesInfo] | None = None
    attributes: dict[str, list[str]] | None = None
    """The dataset's label attributes with the names of their classes."""


class ScalarGroup(Wire):
    """Scalars that share their steps: column by column."""

    steps: list[int]
    values: dict[str, list[Number]]
    """Series name → one value a step."""


class Scalars(Body):
    """All scalars of at most 100 ms."""

    kind: ClassVar[str] = "scalars"
    groups: list[ScalarGroup]


class Grid(Body):
    """A picture of samples: a PNG in the event's blob."""

    kind: ClassVar[str] = "grid"
    series: str
    rows: int
    columns: int
    cell: list[int]
    """[height, width] of one sample in pixels."""
    row_labels: list[str] | None = None
    column_labels: list[str] | None = None


class Points(Body):
    """Points in the plane, and optionally a field over it (D's logit on a regular lattice)."""

    kind: ClassVar[str] = "points"
    series: str
    generated: list[list[Number]]
    real: list[list[Number]]
    extent: list[Number]
    """[x low, x high, y low, y high] of the field."""
    field: list[list[Number]] | None = None
    """Rows from low to high y, columns from low to high x; logits, high = real."""
    slopes: list[list[Number]] | None = None
    """[dx, dy] of the gradient of D's logit at the first of the generated points, in logits per unit."""


class Spectrum(Body):
    """Singular values of one matrix, largest first."""

    kind: ClassVar[str] = "spectrum"
    series: str
    values: list[Number]


class Eigenvalues(Body):
    """Eigenvalues with the residual ‖Hv - λv‖ of each."""

    kind: ClassVar[str] = "eigenvalues"
    series: str
    real: list[Number]
    imaginary: list[Number] | None = None
    residuals: list[Number]
    products: int
    """Hessian-vector products that it took."""


class Density(Body):
    """A density estimate with its standard error."""

    kind: ClassVar[str] = "density"
    series: str
    at: list[Number]
    density: list[Number]
    stderr: list[Number]


class KnobRequest(Wire):
    """One knob with what it was and what is wanted."""

    name: str
    value: KnobValue
    old: KnobValue | None = None
    over: int = 1
    """Steps over which it moves to the value; 1: at once."""
    shape: Shape = "linear"


class KnobAsked(Body):
    """Somebody asked for new values; all of one request apply at one step boundary, or none does."""

    kind: ClassVar[str] = "knob.asked"
    request_id: str
    author: str
    reason: str | None = None
    knobs: list[KnobRequest]


class KnobOutcome(Body):
    """What became of a request, or of some of its knobs."""

    request_id: str
    knobs: list[KnobRequest]
    reason: str | None = None
    by: str | None = None
    """With superseded: the request that took its place."""
    latency_ms: float | None = None
    """Applied: since it was asked, by the clock of the trainer's machine."""


class KnobApplied(KnobOutcome):
    """In force from this event's step on: that step is the first to be computed with the new values."""

    kind: ClassVar[str] = "knob.applied"


class KnobRefused(KnobOutcome):
    """Not applied, and why; the values in force are unchanged."""

    kind: ClassVar[str] = "knob.refused"


class KnobSuperseded(KnobOutcome):
    """A later request for the same knob came before the next step boundary."""

    kind: ClassVar[str] = "knob.superseded"


class KnobLost(KnobOutcome):
    """The run ended before it was answered."""

    kind: ClassVar[str] = "knob.lost"


class CommandAsked(Body):
    """Somebody gave a command."""

    kind: ClassVar[str] = "command.asked"
    request_id: str
    author: str
    reason: str | None = None
    command: CommandName
    params: dict[str, Any] = {}  # Any: JSON; its shape depends on the command


class CommandOutcome(Body):
    """What became of a command."""

    request_id: str
    command: CommandName
    reason: str | None = None
    result: dict[str, Any] | None = None  # Any: JSON; the new run of a rewind, the checkpoint of a checkpoint
    latency_ms: float | None = None


class CommandApplied(CommandOutcome):
    """Done, at this event's step."""

    kind: ClassVar[str] = "command.applied"


class CommandRefused(CommandOutcome):
    """Not done, and why."""

    kind: ClassVar[str] = "command.refused"


class CommandSuperseded(CommandOutcome):
    """A later command made it pointless."""

    kind: ClassVar[str] = "command.superseded"


class CommandLost(CommandOutcome):
    """The run ended before it was answered."""

    kind: ClassVar[str] = "command.lost"


class AlarmRaised(Body):
    """A guard's finding, on which evidence."""

    kind: ClassVar[str] = "alarm.raised"
    guard: str
    message: str
    evidence: dict[str, Number] = {}


class AlarmCleared(Body):
    """The finding holds no longer."""

    kind: ClassVar[str] = "alarm.cleared"
    guard: str
    message: str


class GuardState(Body):
    """What a guard can say by now: silence is trust only where somebody watches."""

    kind: ClassVar[str] = "guard.state"
    guard: str
    state: Watchfulness
    """idle: nothing measures what it reads; calibrating: it has not given a verdict yet; off: it failed."""
    reason: str = ""
    """Why, in words; always given for idle and off."""


class CheckpointWritten(Body):
    """A checkpoint is complete in the artefact store; `removed` are the steps of those that it replaced."""

    kind: ClassVar[str] = "checkpoint.written"
    name: str
    """Its name in the artefact store."""
    sha256: str
    size_bytes: int
    reason: Literal["interval", "asked", "pause", "stop", "park", "finish", "hand-back"]
    removed: list[str] = []


class MonitorStretched(Body):
    """A monitor looks less often, to stay within the budget; or more often again, when there is room."""

    kind: ClassVar[str] = "monitor.stretched"
    monitor: str
    every: int
    """Steps between two looks from now on."""
    cost_share: float
    """Share of the time that all watching takes at the new intervals."""


class MonitorDisabled(Body):
    """A monitor failed and is off; the run goes on."""

    kind: ClassVar[str] = "monitor.disabled"
    monitor: str
    reason: str
    traceback: str | None = None


class Log(Body):
    """Anything else worth telling a person."""

    kind: ClassVar[str] = "log"
    level: Literal["info", "warning", "error"] = "info"
    message: str


BODIES: dict[str, type[Body]] = {
    body.kind: body
    for body in (
        RunStatus, Scalars, Grid, Points, Spectrum, Eigenvalues, Density,
        KnobAsked, KnobApplied, KnobRefused, KnobSuperseded, KnobLost,
        CommandAsked, CommandApplied, CommandRefused, CommandSuperseded, CommandLost,
        AlarmRaised, AlarmCleared, GuardState, CheckpointWritten, MonitorStretched, MonitorDisabled, Log,
    )
}  # fmt: skip
"""Every kind of event with the shape of its body. The list is closed: a new kind is a new line here."""


class Blob(Wire):
    """What an event's blob is; the bytes go beside the event, and later by URL."""

    sha256: str
    media_type: str
    size_bytes: int


class Envelope(Wire):
    """An event without its body's type: what routing, storing and streaming need."""

    id: str | None = None
    """Redis stream id, once it is in the log: the order of arrival."""
    run: str
    attempt: int
    source: Source
    seq: int
    """Gapless per (run, attempt, source), from 1."""
    step: int | None = None
    time: float
    """Unix seconds."""
    kind: str
    body: dict[str, Any]  # Any: JSON of the body; `typed()` parses it
    blob: Blob | None = None

    def typed(self) -> Body:
        """The body as its own class.

        Raises:
            KeyError: if the kind is not one of `BODIES`.
        """
        return BODIES[self.kind].model_validate(self.body)


def to_fields(event: Envelope, blob: bytes | None = None) -> dict[str, bytes]:
    """The event as the fields of a stream entry; `seq` 0 asks the append script for the next number."""
    head = event.model_dump(exclude={"id", "body", "seq", "run", "attempt", "source", "kind"}, exclude_none=True)
    fields = {
        "v": str(VERSION).encode(),
        "run": event.run.encode(),
        "attempt": str(event.attempt).encode(),
        "source": event.source.encode(),
        "kind": event.kind.encode(),
        "head": dumps(head),
        "body": dumps(event.body),
    }
    return fields if blob is None else {**fields, "blob": blob}


def from_fields(entry_id: str, fields: Mapping[bytes, bytes]) -> Envelope:
    """The event of a stream entry; its blob's bytes stay in `fields[b"blob"]`.

    Raises:
        ValueError: if the entry has another version.
    """
    if int(fields[b"v"]) != VERSION:
        message = f"event {entry_id} has version {int(fields[b'v'])}; this build reads version {VERSION}: update it"
        raise ValueError(message)
    return Envelope(
        id=entry_id,
        run=fields[b"run"].decode(),
        attempt=int(fields[b"attempt"]),
        source=fields[b"source"].decode(),
        seq=int(fields[b"seq"]),
        kind=fields[b"kind"].decode(),
        body=loads(fields[b"body"]),
        **loads(fields[b"head"]),
    )


class EventPage(Wire):
    """Events of one run, oldest first."""

    items: list[Envelope]
    next: str | None = Field(None, description="Cursor to go on from, or null when this is the end for now.")
