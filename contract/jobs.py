"""What the Celery message carries: everything a worker needs to train one attempt of one run."""

from contract.knobs import KnobValue
from contract.numbers import Wire
from contract.ramps import Shape
from contract.spec import RunSpec


class Change(Wire):
    """A knob that was changed at a step; a resumed run changes it again at the same step."""

    step: int
    name: str
    value: KnobValue
    over: int = 1
    """Steps over which it moved to the value."""
    shape: Shape = "linear"
    request: str = ""
    """Id of the request that it was part of: its changes took place together."""


class CheckpointRef(Wire):
    """A checkpoint in the artefact store."""

    step: int
    name: str
    sha256: str
    reason: str = "interval"
    """Why it was written; one that a person asked for is never removed by newer ones."""


class Resume(Wire):
    """How an attempt goes on from an earlier one."""

    checkpoints: list[CheckpointRef] = []
    """Newest first; one whose sha256 does not fit is passed over for the next. None left: from step 0."""
    ledger: list[Change] = []
    """All applied knob changes of the run, oldest first."""
    answered: list[str] = []
    """Requests that already have their outcome: the trainer passes over them."""
    paused: bool = False
    least_step: int = 0
    """Step at which the run itself began: a fork's weights before it are nobody's but its parent's."""


class TrainJob(Wire):
    """One attempt of one run."""

    run: str
    attempt: int
    name: str = ""
    spec: RunSpec
    resume: Resume | None = None
