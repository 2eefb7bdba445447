"""Every name that two processes must spell alike: Redis keys, the Celery task, the queue."""

PREFIX = "modescope"

EVENTS = f"{PREFIX}:events"
"""The log: one Redis stream for all runs. An entry's id is the only cursor anywhere."""

CATALOGUE = f"{PREFIX}:catalogue"
"""JSON of the `Catalogue` that the worker which started last announced; it outlives the worker."""

WORKERS = f"{PREFIX}:worker:"
"""Prefix of one key a worker: JSON of `WorkerInfo`, expiring when its heartbeat stops."""

PROBE = f"{PREFIX}:probe"
"""Written, for a second, by whoever wants to know whether Redis takes writes: one whose disk is full only answers."""

RECORDER_LEASE = f"{PREFIX}:recorder:lease"

DATASETS = "datasets"
"""Folder of the artefact store that holds what people have uploaded."""

TRAIN_TASK = "modescope.train"
QUEUE = "modescope.train"
"""The one Celery task and its queue. The api sends it by name and never imports the worker."""


def attempt_key(run: str) -> str:
    """Key of the attempt in force: an event of a lower one is refused ("fenced")."""
    return f"{PREFIX}:run:{run}:attempt"


def sequence_key(run: str) -> str:
    """Key of a hash `<attempt>:<source>` → last sequence number appended."""
    return f"{PREFIX}:run:{run}:seq"


def lease_key(run: str) -> str:
    """Key of the lease: `<attempt>:<supervisor>` while a supervisor holds the run."""
    return f"{PREFIX}:run:{run}:lease"


def commands_key(run: str) -> str:
    """Key of the run's own short stream of knob requests and commands."""
    return f"{PREFIX}:run:{run}:commands"


def task_id(run: str, attempt: int) -> str:
    """Celery id of the message that carries this attempt, so that a queued message can be recognised."""
    return f"{run}:{attempt}"


def checkpoint_name(run: str, step: int, attempt: int) -> str:
    """Name of a checkpoint inside the artefact store."""
    return f"runs/{run}/checkpoints/{step:010d}-{attempt}.safetensors"


def blob_name(sha256: str) -> str:
    """Name of a recorded blob (a picture, an array) inside the artefact store: by content, so written once."""
    return f"blobs/{sha256[:2]}/{sha256}"


def recipe_picture_name(sha256: str) -> str:
    """Name of a recipe's picture inside the artefact store; no run uses it, so that no run's end removes it."""
    return f"recipes/{sha256}.png"


def dataset_name(dataset: str, ending: str) -> str:
    """Name of an uploaded set inside the artefact store: its pictures (`zip`), or what is said of them (`json`)."""
    return f"{DATASETS}/{dataset}.{ending}"
