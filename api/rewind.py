"""Rewinding: a fork from one of the run's own checkpoints, and the end of the run. Nothing recorded is erased."""

import contextlib
import secrets
from typing import Any

from pydantic import Field, ValidationError
from sqlalchemy.orm import Session

from api.backend import Backend
from api.fork import fork
from api.problems import InvalidRequest, NoSuchCheckpoint, RunEnded, invalid
from api.requests import give_command
from api.speaking import said
from api.store import checkpoints, runs
from api.store.ledger import ENDED
from api.tables import RunRow
from contract.events import CommandApplied, CommandAsked
from contract.numbers import Wire
from contract.runs import Accepted, ForkRun, GiveCommand, Name, Run


class Rewind(Wire):
    """Params of the command `rewind`."""

    step: int | None = Field(None, ge=0, lt=2**62)
    """Step of the checkpoint to go back to; None: the newest one."""
    before: int | None = Field(None, ge=0)
    """In the place of `step`: the newest checkpoint of this step or of one before it."""
    knobs: dict[str, Any] = {}  # Any: JSON; checked against the run's knobs
    """Set at the first step of the run that goes on from there."""
    name: Name | None = None
    """Of the new run."""


def rewind(backend: Backend, run: str, given: GiveCommand, author: str, reason: str | None) -> Accepted:
    """Fork the run from a checkpoint and stop it; the outcome's `result` has the new run's id.

    Raises:
        NoSuchRun: if there is none of that id.
        RunEnded: if it has ended: then a fork is all there is to do.
        InvalidRequest: if the params are not those of a rewind.
        NoSuchCheckpoint: if it has no such checkpoint.
        InvalidKnobs: if a knob does not exist or a value is not allowed.
    """
    asked = CommandAsked(
        request_id=secrets.token_hex(8),
        author=author,
        reason=given.reason or reason,
        command="rewind",
        params=given.params,
    )
    row, new = forked(backend, run, asked)
    event = said(run, backend.redis.attempt(run) or row.attempt, asked, row.step)
    backend.redis.append(event)
    leave(backend, row, asked, new)
    return Accepted(request_id=asked.request_id, asked_at=event.time)


def forked(backend: Backend, run: str, asked: CommandAsked) -> tuple[RunRow, Run]:
    """The run that is rewound, and the one that goes on in its place; asked again, it is the same one.

    Raises:
        NoSuchRun: if there is none of that id.
        RunEnded: if it has ended.
        InvalidRequest: if the params are not those of a rewind.
        NoSuchCheckpoint: if it has no such checkpoint.
        InvalidKnobs: if a knob does not exist or a value is not allowed.
    """
    wanted = _params(asked.params)
    with backend.database.read() as session:
        row = runs.find(session, run)
        step = _step(session, row, wanted)
    going_on = ForkRun(checkpoint_step=step, knobs=wanted.knobs, name=wanted.name)
    return row, fork(backend, run, going_on, asked.author, asked.reason, asked.request_id)


def leave(backend: Backend, row: RunRow, asked: CommandAsked, new: Run) -> None:
    """Say that the rewind is done, and stop the run that was rewound."""
    done = CommandApplied(request_id=asked.request_id, command="rewind", result={"run": new.id}, latency_ms=0.0)
    backend.redis.append(said(row.id, backend.redis.attempt(row.id) or row.attempt, done, row.step))
    with contextlib.suppress(RunEnded):  # by itself meanwhile: then there is nothing left to stop
        stop = GiveCommand(command="stop", reason=f"rewound into {new.id}")
        give_command(backend, row.id, stop, asked.author, None)


def _params(given: dict[str, Any]) -> Rewind:  # Any: JSON
    """The command's params.

    Raises:
        InvalidRequest: if they are of another form.
    """
    try:
        return Rewind.model_validate(given)
    except ValidationError as error:
        problems = invalid(error.errors())
        raise InvalidRequest("; ".join(f"params.{one.where}: {one.message}" for one in problems), problems) from error


def _step(session: Session, row: RunRow, wanted: Rewind) -> int:
    """The step to go back to.

    Raises:
        RunEnded: if the run has ended.
        NoSuchCheckpoint: if it has no checkpoint at all, or none that is old enough.
    """
    if row.status in ENDED:
        raise RunEnded(f"run {row.id} is {row.status}, so there is nothing to stop: fork it instead")
    if wanted.step is not None:
        return wanted.step
    kept = [each.step for each in checkpoints.listed(session, row.id)]
    if not kept:
        raise NoSuchCheckpoint(f"run {row.id} has no checkpoint yet: write one with the command checkpoint")
    healthy = [step for step in kept if wanted.before is None or step <= wanted.before]
    if not healthy:
        has = ", ".join(str(step) for step in kept)
        raise NoSuchCheckpoint(
            f"run {row.id} has no checkpoint of step {wanted.before} or before; it has: {has}. Keep more of them "
            "(MODESCOPE_CHECKPOINT_KEEP), write them more often (MODESCOPE_CHECKPOINT_S), or fork from one of these"
        )
    return healthy[0]
