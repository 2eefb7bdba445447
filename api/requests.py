"""Asking something of a run: knobs and commands. The outcome comes later, as an event, from whoever carries it out."""

import secrets
from collections.abc import Mapping
from typing import Any

from api import knobs
from api.backend import Backend
from api.problems import LogFull, RunEnded, RunMoved, RunParked
from api.redis_store.store import RedisStore
from api.requeue import resume_of
from api.speaking import said
from api.store import ledger, runs
from api.store.ledger import ENDED
from api.tables import RunRow
from contract.events import CommandApplied, CommandAsked, Envelope, KnobAsked, KnobRequest, RunStatus
from contract.knobs import KnobValue
from contract.runs import Accepted, GiveCommand

UNTRAINED = ("queued", "parked", "lost")
"""States in which a run may have no trainer who could obey."""
TRIES = 3


def ask_knobs(backend: Backend, run: str, wanted: Mapping[str, Any], author: str, reason: str | None) -> Accepted:
    """Ask for new values; all of them come into force at one step boundary, or none.

    Raises:
        NoSuchRun: if there is none of that id.
        RunEnded: if it has ended.
        InvalidKnobs: if a knob does not exist or a value is not allowed.
    """
    row, now = _active(backend, run, "its knobs cannot change any more")
    requests = [
        KnobRequest(name=name, value=wish.to, old=now[name], over=wish.over, shape=wish.shape)
        for name, wish in knobs.check(row, wanted).items()
    ]
    asked = KnobAsked(request_id=secrets.token_hex(8), author=author, reason=reason, knobs=requests)
    return _ask(backend.redis, row, asked)


def give_command(backend: Backend, run: str, given: GiveCommand, author: str, reason: str | None) -> Accepted:
    """Give a command; the trainer obeys it, or, for a run that has none, we do.

    Raises:
        NoSuchRun: if there is none of that id.
        RunEnded: if it has ended.
        RunParked: if it has no trainer and the command needs one.
        RunMoved: if the run changed its state meanwhile.
    """
    row, _ = _active(backend, run, f"it takes no {given.command}")
    asked = CommandAsked(
        request_id=secrets.token_hex(8),
        author=author,
        reason=given.reason or reason,
        command=given.command,
        params=given.params,
    )
    is_leased = row.status in UNTRAINED and backend.redis.leased(run)
    if row.status == "parked" and is_leased:
        raise RunMoved(_moved(row))
    if row.status in UNTRAINED and given.command == "stop" and not is_leased:
        return _stop(backend, row, asked)
    if row.status == "parked":
        return _unpark(backend, row, asked)
    return _ask(backend.redis, row, asked)


def _active(backend: Backend, run: str, so_what: str) -> tuple[RunRow, Mapping[str, KnobValue]]:
    """The run, and the knob values in force.

    Raises:
        RunEnded: if it has ended.
    """
    with backend.database.read() as session:
        row = runs.find(session, run)
        changes = ledger.applied(session, [run]).get(run, [])
    if row.status in ENDED:
        raise RunEnded(f"run {run} is {row.status}: {so_what}; launch a new one with the values that you want")
    return row, {state.name: state.value for state in knobs.states(row, changes, ())}


def _ask(redis: RedisStore, row: RunRow, asked: KnobAsked | CommandAsked) -> Accepted:
    """Put a request into the log and before the trainer, under whatever attempt is in force.

    Raises:
        LogFull: if the log takes nothing now.
        RunMoved: if the attempt changed again and again.
    """
    attempt = redis.attempt(row.id) or row.attempt
    for _ in range(TRIES):
        event = said(row.id, attempt, asked, row.step)
        answer = redis.ask(event)
        if answer.status == "ok":
            return Accepted(request_id=asked.request_id, asked_at=event.time)
        if answer.status == "full":
            message = "the log is full, since the recorder is behind or not running; try again in a few seconds"
            raise LogFull(message, headers={"Retry-After": "5"})
        attempt = answer.seq
    raise RunMoved(_moved(row))


def _stop(backend: Backend, row: RunRow, asked: CommandAsked) -> Accepted:
    """Stop a run that nobody trains: the raised attempt makes whoever may yet take its message leave it.

    Raises:
        RunMoved: if somebody has just taken it.
    """
    attempt = row.attempt + 1
    words = _carried_out(row, attempt, asked)
    stopped = said(row.id, attempt, RunStatus(status="stopped", reason=f"stopped by {asked.author}"), row.step)
    if not backend.redis.begin_attempt(row.id, row.attempt, (), (*words, stopped)):
        raise RunMoved(_moved(row))
    return Accepted(request_id=asked.request_id, asked_at=words[0].time)


def _unpark(backend: Backend, row: RunRow, asked: CommandAsked) -> Accepted:
    """Resume a parked run: queue it again from its last checkpoint.

    Raises:
        RunParked: if the command is another: there is no trainer to obey it.
        RunMoved: if somebody else has just resumed it.
    """
    if asked.command != "resume":
        raise RunParked(f"run {row.id} is parked, so it cannot {asked.command}; it takes resume and stop")
    with backend.database.read() as session:
        resume = resume_of(session, row, paused=False)
    words = _carried_out(row, row.attempt + 1, asked)
    if not backend.requeue(row, resume, reason=f"resumed by {asked.author}", also=words):
        raise RunMoved(_moved(row))
    return Accepted(request_id=asked.request_id, asked_at=words[0].time)


def _carried_out(row: RunRow, attempt: int, asked: CommandAsked) -> tuple[Envelope, Envelope]:
    """What the ledger hears of a command that we carry out ourselves."""
    applied = CommandApplied(request_id=asked.request_id, command=asked.command, latency_ms=0.0)
    return said(row.id, attempt, asked, row.step), said(row.id, attempt, applied, row.step)


def _moved(row: RunRow) -> str:
    return f"run {row.id} has just changed its state; look again, and ask again if you still want it"
