"""Rewinding: a fork from one of the run's own checkpoints, and the end of the run. Nothing recorded is erased."""

import contextlib
import secrets
from typing import Any

from pydantic import Field, ValidationError

from api.fork import fork
from api.problems import InvalidRequest, NoSuchCheckpoint, RunEnded, invalid
from api.requests import give_command
from api.services import Services
from api.speaking import said
from api.store import checkpoints, runs
from api.store.ledger import ENDED
from api.tables import RunRow
from contract.events import CommandApplied, CommandAsked
from contract.numbers import Wire
from contract.runs import Accepted, ForkRun, GiveCommand, Name


class Rewind(Wire):
    """Params of the command `rewind`."""

    step: int | None = Field(None, ge=0, lt=2**62)
    """Step of the checkpoint to go back to; None: the newest one."""
    knobs: dict[str, Any] = {}  # Any: JSON; checked against the run's knobs
    """Set at the first step of the run that goes on from there."""
    name: Name | None = None
    """Of the new run."""


def rewind(services: Services, run: str, given: GiveCommand, author: str, reason: str | None) -> Accepted:
    """Fork the run from a checkpoint and stop it; the outcome's `result` has the new run's id.

    Raises:
        NoSuchRun: if there is none of that id.
        RunEnded: if it has ended: then a fork is all there is to do.
        InvalidRequest: if the params are not those of a rewind.
        NoSuchCheckpoint: if it has no such checkpoint.
        InvalidKnobs: if a knob does not exist or a value is not allowed.
    """
    wanted = _params(given)
    row, step = _from(services, run, wanted.step)
    asked = CommandAsked(
        request_id=secrets.token_hex(8),
        author=author,
        reason=given.reason or reason,
        command="rewind",
        params=given.params,
    )
    going_on = ForkRun(checkpoint_step=step, knobs=wanted.knobs, name=wanted.name)
    new = fork(services, run, going_on, author, given.reason or reason, asked.request_id)
    attempt = services.redis.attempt(run) or row.attempt
    event = said(run, attempt, asked, row.step)
    services.redis.append(event)
    done = CommandApplied(request_id=asked.request_id, command="rewind", result={"run": new.id}, latency_ms=0.0)
    services.redis.append(said(run, attempt, done, row.step))
    with contextlib.suppress(RunEnded):  # by itself meanwhile: then there is nothing left to stop
        give_command(services, run, GiveCommand(command="stop", reason=f"rewound into {new.id}"), author, None)
    return Accepted(request_id=asked.request_id, asked_at=event.time)


def _params(given: GiveCommand) -> Rewind:
    """The command's params.

    Raises:
        InvalidRequest: if they are of another form.
    """
    try:
        return Rewind.model_validate(given.params)
    except ValidationError as error:
        problems = invalid(error.errors())
        raise InvalidRequest("; ".join(f"params.{one.where}: {one.message}" for one in problems), problems) from error


def _from(services: Services, run: str, step: int | None) -> tuple[RunRow, int]:
    """The run, and the step to go back to.

    Raises:
        RunEnded: if the run has ended.
        NoSuchCheckpoint: if it has no checkpoint at all.
    """
    with services.database.read() as session:
        row = runs.find(session, run)
        kept = checkpoints.listed(session, run)
    if row.status in ENDED:
        raise RunEnded(f"run {run} is {row.status}, so there is nothing to stop: fork it instead")
    if step is None and not kept:
        raise NoSuchCheckpoint(f"run {run} has no checkpoint yet: write one with the command checkpoint")
    return row, kept[0].step if step is None else step
