"""Twins: what would have been without one change. A fork from the checkpoint before it, with everything but that.

Without such a checkpoint it begins where the run began, and does all of it again.

Further twins with other seeds show how far runs drift apart by chance alone: what lies inside that band says nothing.
"""

from sqlalchemy.orm import Session

from api.backend import Backend
from api.fork import fork
from api.problems import NoSuchChange, NoSuchCheckpoint
from api.replay import planned
from api.store import checkpoints, ledger, runs
from api.tables import LedgerRow, RunRow
from contract.numbers import loads
from contract.runs import ForkRun, MakeTwins, Run, Twins
from contract.spec import RunSpec

FURTHEST = 2**62


def twins(backend: Backend, run: str, asked: MakeTwins, author: str) -> Twins:
    """The twin of a run without one change, and further ones with other seeds; asked again, the same ones.

    Raises:
        NoSuchRun: if there is none of that id.
        NoSuchChange: if no knob of the run was changed by that request.
        NoSuchCheckpoint: if it is a fork and has none from before the change.
        ArtefactsAway: if the artefact store does not answer.
        CheckpointReplaced: if the checkpoint was removed meanwhile.
    """
    with backend.database.read() as session:
        row = runs.find(session, run)
        change = _change(session, run, asked.request_id)
        step = _step_before(session, row, change)
        plan = [
            *planned(session, run, step + 1, FURTHEST, without=asked.request_id),
            *(each for each in RunSpec.model_validate_json(row.spec).plan if each.step > row.step + 1),
        ]
    overrides = {"plan": [loads(each.model_dump_json()) for each in plan], "rules": []}
    seed = int(loads(row.spec)["seed"])
    made = [
        _twin(backend, row, change, step, overrides | ({"seed": seed + turn} if turn else {}), turn, author)
        for turn in range(asked.noise + 1)
    ]
    return Twins(change_step=change.step or 0, twin=made[0], noise=made[1:])


def _twin(
    backend: Backend, row: RunRow, change: LedgerRow, step: int, overrides: dict[str, object], turn: int, author: str
) -> Run:
    name = f"{row.name} without {change.name} @{change.step}"[: 100 if turn else 120]
    going_on = ForkRun(
        checkpoint_step=step, overrides=overrides, name=f"{name}, seed {overrides['seed']}" if turn else name
    )
    reason = f"twin of {row.id} without {change.name} at step {change.step}"
    key = f"twin {row.id} {change.request_id} {turn}"
    return fork(backend, row.id, going_on, author, reason, key, left_out=change.request_id)


def _change(session: Session, run: str, request: str) -> LedgerRow:
    """The first knob of the request.

    Raises:
        NoSuchChange: if there is none.
    """
    applied = ledger.applied(session, [run]).get(run, [])
    found = [row for row in applied if row.request_id == request]
    if not found:
        some = ", ".join(dict.fromkeys(row.request_id for row in applied)) or "none"
        raise NoSuchChange(f"no knob of run {run} was changed by request {request}; changes of it: {some}")
    return found[0]


def _step_before(session: Session, row: RunRow, change: LedgerRow) -> int:
    """Step of the newest checkpoint without the change in it; 0, the beginning, where a run that is no fork has none.

    Raises:
        NoSuchCheckpoint: if a fork has none: its beginning was one.
    """
    kept = [each.step for each in checkpoints.listed(session, row.id)]
    before = [step for step in kept if step < (change.step or 0)]
    if not before and row.parent is None:
        return 0
    if not before:
        has = ", ".join(str(step) for step in kept) or "none"
        raise NoSuchCheckpoint(
            f"run {row.id} has no checkpoint from before step {change.step}; it has: {has}. Write one before you turn "
            "a knob (the command checkpoint), keep more of them (MODESCOPE_CHECKPOINT_KEEP), or export the run as "
            "yaml, take the change out of its plan, and launch that"
        )
    return before[0]
