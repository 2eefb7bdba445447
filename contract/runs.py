"""What the REST API says: runs, their ledger, series, checkpoints, workers. The client reads the same models."""

from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import Field, StringConstraints

from contract.events import CommandName, Density, Eigenvalues, Number, Outcome, SeriesInfo, Spectrum, Status
from contract.knobs import KnobDescription, KnobValue
from contract.numbers import Wire
from contract.ramps import Shape
from contract.spec import RunSpec

T = TypeVar("T")
Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00-\x1f\x7f\u202a-\u202e\u2066-\u2069]*$"
    ),
]
"""A label that a person gives: neither blank nor with characters that control a terminal or turn text around."""


class Page(Wire, Generic[T]):
    """A list, and the cursor to go on from."""

    items: list[T]
    next: str | None = None


class KnobState(KnobDescription):
    """A knob of a run, with what the trainer last said of it."""

    value: KnobValue
    """In force, as the trainer said."""
    applied_step: int | None = None
    """Step at which it came into force; None while it is as the spec had it."""
    asked: KnobValue | None = None
    """The wish that has no outcome yet."""


class Run(Wire):
    """One training of one GAN."""

    id: str
    name: str
    status: Status
    reason: str | None = None
    """Why it is in this state: the error of a failed run, why a queued one waits."""
    traceback: str | None = None
    spec: RunSpec
    recipe: str | None = None
    step: int
    steps: int
    attempt: int
    knobs: list[KnobState]
    attributes: dict[str, list[str]] = {}
    device: str | None = None
    parent: str | None = None
    parent_step: int | None = None
    left_out: str | None = None
    """Of a twin: the request of the parent whose changes it is without."""
    n_forks: int = 0
    """Runs that go on from one of its checkpoints."""
    sweep: str | None = None
    """The sweep that launched it."""
    notes: str = ""
    tags: list[str] = []
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None
    latest: dict[str, Number] = {}
    """Last value of a few key series, for lists."""
    cursor: str
    """Event id up to which this answer is complete: stream from here."""


class CreateRun(Wire):
    """A run to be: a whole spec, or a recipe with overrides."""

    spec: dict[str, Any] | None = None  # Any: JSON; checked against the catalogue
    recipe: str | None = None
    overrides: dict[str, Any] = {}
    """Deep-merged into the recipe's spec."""
    name: Name | None = None


class ForkRun(Wire):
    """A run to be that goes on from another one's checkpoint."""

    checkpoint_step: int = Field(ge=0, lt=2**62)
    """Step of a checkpoint of the parent; 0, where the parent is no fork itself: from the very beginning."""
    knobs: dict[str, Any] = {}  # Any: JSON; checked against the run's knobs
    """Set, or begun to move, at the fork's first step; all others are as they were at the checkpoint."""
    overrides: dict[str, Any] = {}  # Any: JSON; checked against the catalogue
    """Deep-merged into the parent's spec: whatever leaves the weights their shapes. Another seed gives other randomness
    from here on; the same one repeats the parent's, bit for bit on one machine's CPU."""
    name: Name | None = None


class MakeTwins(Wire):
    """A wish to see what a run would be without one change."""

    request_id: str
    """Of the change, as the ledger has it."""
    noise: int = Field(2, ge=0, le=8)
    """Further twins with other seeds: how far runs drift apart by chance alone."""


class Twins(Wire):
    """A run's twin without one change, and those that show the noise."""

    change_step: int
    """First step with the change."""
    twin: Run
    noise: list[Run]


class EditRun(Wire):
    """What a person may change about a run's label."""

    name: Name | None = None
    notes: str | None = Field(None, max_length=20_000)
    tags: list[Name] | None = Field(None, max_length=32)


class GiveCommand(Wire):
    """A command for the trainer."""

    command: CommandName
    params: dict[str, Any] = {}  # Any: JSON; its shape depends on the command
    reason: str | None = Field(None, max_length=500)


class Accepted(Wire):
    """The request is on its way; its outcome comes as an event, and stands in the ledger."""

    request_id: str
    asked_at: float


class LedgerItem(Wire):
    """Who asked for what, and its one outcome."""

    request_id: str
    kind: Literal["knob", "command"]
    name: str
    old: KnobValue | None = None
    new: KnobValue | None = None
    over: int = 1
    """Steps over which the knob moves to the new value; 1: at once."""
    shape: Shape = "linear"
    author: str
    reason: str | None = None
    """What the author gave as the reason."""
    asked_at: float
    outcome: Outcome | None = None
    """None: not answered yet."""
    outcome_reason: str | None = None
    step: int | None = None
    """Step at which the outcome took effect."""
    latency_ms: float | None = None


class SeriesState(SeriesInfo):
    """A series of a run with its last measurement."""

    last_step: int | None = None
    last: Number | None = None


class ScalarSeries(Wire):
    """A scalar series in buckets aligned to powers of two of the step."""

    name: str
    kind: Literal["scalar"] = "scalar"
    unit: str = ""
    bucket_steps: int
    """Steps a bucket spans; 1: each point is its own bucket, exact to the last bit."""
    steps: list[int]
    """First step with a point in the bucket when bucket_steps is 1, else the bucket's first step."""
    min: list[Number]
    max: list[Number]
    last: list[Number]
    nonfinite: list[int]
    """Points in the bucket that are NaN or infinite; min and max are over the finite ones (NaN if there are none)."""
    cursor: str
    """Event id up to which this answer is complete."""


class Look(Wire):
    """A spectrum, eigenvalues or a density at one step."""

    step: int
    body: Spectrum | Eigenvalues | Density


class StepSeries(Wire):
    """A series of pictures, points, spectra, eigenvalues or densities: the steps that exist."""

    name: str
    kind: str
    steps: list[int]
    looks: list[Look] = []
    """Of spectra, eigenvalues and densities, when asked for: those at each 2ᵏ-th step of the series, and the last."""
    cursor: str


class Checkpoint(Wire):
    """A checkpoint that can be downloaded or forked from."""

    step: int
    attempt: int
    name: str
    sha256: str
    size_bytes: int
    reason: str
    time: float


class Slot(Wire):
    """One place where one run can train."""

    device: str
    run: str | None = None


class WorkerInfo(Wire):
    """A worker as it describes itself, every few seconds."""

    name: str
    host: str
    pid: int
    version: str
    slots: list[Slot]
    memory_bytes: int
    """Resident memory of the worker and its trainers."""
    memory_total_bytes: int
    started_at: float
    seen_at: float


class Problem(Wire):
    """RFC 9457 problem document."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    """What came, what is allowed, what to do."""
    code: str
    """Stable name of the cause."""
    errors: list[dict[str, Any]] = []  # Any: JSON; `where` and `message` of each problem
