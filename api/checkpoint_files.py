"""Checkpoints whose files are there."""

from api.backend import Backend
from api.problems import ArtefactsAway, CheckpointReplaced, NoSuchCheckpoint
from api.store import checkpoints
from api.tables import CheckpointRow


def present(backend: Backend, run: str, step: int) -> CheckpointRow:
    """The row of a checkpoint whose file is there.

    Raises:
        NoSuchCheckpoint: if there never was one of that step.
        CheckpointReplaced: if newer ones took its place.
        ArtefactsAway: if the artefact store does not answer.
    """
    with backend.database.read() as session:
        row = checkpoints.at_step(session, run, step)
        kept = ", ".join(str(one.step) for one in checkpoints.listed(session, run)) or "none"
    if row is None:
        raise NoSuchCheckpoint(f"run {run} has no checkpoint of step {step}; it has: {kept}")
    try:
        is_there = not row.removed and backend.artefacts.exists(row.name)
    except OSError as error:
        raise ArtefactsAway(f"the artefact store does not answer ({type(error).__name__}); try again") from error
    if not is_there:
        raise CheckpointReplaced(f"the checkpoint of step {step} was replaced by newer ones; run {run} has: {kept}")
    return row
