"""Queueing a run again: a new attempt, which fences the one before and goes on from the last checkpoint."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from api.dispatch import Dispatcher
from api.knobs import value
from api.redis_store.store import RedisStore
from api.speaking import said
from api.store import checkpoints, ledger
from api.tables import CheckpointRow, LedgerRow, RunRow
from contract.events import Envelope, RunStatus
from contract.jobs import Change, CheckpointRef, Resume, TrainJob
from contract.spec import RunSpec


@dataclass(frozen=True)
class Requeuer:
    """Queues runs again, for the reaper and for whoever resumes a parked run."""

    redis: RedisStore
    dispatcher: Dispatcher

    def __call__(self, run: RunRow, resume: Resume, *, reason: str, also: Sequence[Envelope] = ()) -> bool:
        """Raise the attempt, say so, and send the task.

        Args:
            run: which; its `attempt` must be the one in force.
            resume: how the new attempt goes on.
            reason: why it is queued again, for a person.
            also: further events of the new attempt, said first.

        Returns:
            Whether it was done; False when the run has another attempt by now, and nothing was done.
        """
        attempt = run.attempt + 1
        queued = said(run.id, attempt, RunStatus(status="queued", reason=reason), run.step)
        if not self.redis.begin_attempt(run.id, run.attempt, (), (*also, queued)):
            return False
        spec = RunSpec.model_validate_json(run.spec)
        self.dispatcher.send(TrainJob(run=run.id, attempt=attempt, name=run.name, spec=spec, resume=resume))
        return True


def resume_of(session: Session, run: RunRow, *, paused: bool) -> Resume:
    """Everything that a new attempt needs to know of the ones before."""
    changes = ledger.applied(session, [run.id]).get(run.id, [])
    return Resume(
        checkpoints=[reference(row) for row in checkpoints.usable(session, run.id)],
        ledger=[change_of(row) for row in changes],
        answered=ledger.answered(session, run.id),
        paused=paused,
        least_step=run.parent_step or 0,
    )


def reference(row: CheckpointRow) -> CheckpointRef:
    """What a trainer needs to know of a checkpoint."""
    return CheckpointRef(step=row.step, name=row.name, sha256=row.sha256, reason=row.reason)


def change_of(row: LedgerRow) -> Change:
    """An applied knob change as a trainer repeats it.

    Raises:
        ValueError: if the row has no value.
    """
    now = value(row.new)
    if now is None:
        raise ValueError(f"the ledger has no value for the applied knob {row.name}")
    said = {"step": row.step or 0, "name": row.name, "value": now, "over": row.over, "shape": row.shape}
    return Change.model_validate({**said, "request": row.request_id})
