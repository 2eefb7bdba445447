"""Launching a sweep, one run for each combination of its axes' values, and stopping what is left of one.

Every run is an ordinary one. All specs are checked before any run is written; then all runs are written, or none.
"""

import secrets
import time

from api import launch
from api.backend import Backend
from api.launch import Prepared
from api.placement import check_place
from api.problems import RunEnded, RunMoved
from api.requests import give_command
from api.specs import catalogue_of
from api.store import runs, sweeps
from api.store.ledger import ENDED
from api.sweep_specs import Values, expand
from contract.numbers import dumps, shown
from contract.runs import CreateRun, GiveCommand
from contract.sweeps import AskedRun, CreateSweep, NotAsked, Sweep, SweepStop

LONGEST_NAME = 120
APART_S = 1e-6
"""Between the times at which two runs of a sweep were made: it keeps them in order in every list."""
TRIES = 3
AGAIN_S = 0.1
"""A run that a worker is just taking is asked again after this."""


def create(backend: Backend, asked: CreateSweep, key: str | None) -> Sweep:
    """The sweep that was asked for; with an Idempotency-Key that was answered before, the sweep of that answer.

    Raises:
        InvalidRequest: if the axes cannot be meant together, or make too many runs.
        InvalidSpecRefused: if one of the specs cannot run; the axis and its value are named.
        NoWorkerYet: if nobody knows what can run.
        KeyReused: if the key came before with another request.
    """
    first = launch.once_all(backend, key, f"sweep {asked.model_dump_json()}", lambda: _prepared(backend, asked))
    with backend.database.read() as session:
        return sweeps.answer(session, sweeps.find(session, runs.find(session, first).sweep or ""))


def stop(backend: Backend, sweep: str, author: str, reason: str | None) -> SweepStop:
    """Ask every run of a sweep that has not ended to stop.

    Raises:
        NoSuchSweep: if there is none of that id.
        LogFull: if the log takes nothing now; those asked before stay asked.
    """
    with backend.database.read() as session:
        rows = sweeps.runs(session, sweeps.find(session, sweep).id)
    going = [row for row in rows if row.status not in ENDED]
    asked, not_asked = [], []
    # Those that wait go first, and of them the last in the queue: a slot that gets free then starts none of them.
    for row in sorted(going, key=lambda row: (row.status != "queued", -row.created_at)):
        try:
            asked.append(_stop_one(backend, row.id, author, reason or f"the sweep {sweep} was stopped"))
        except RunEnded:
            continue
        except RunMoved as moved:
            not_asked.append(NotAsked(run=row.id, reason=moved.detail))
    return SweepStop(asked=asked, not_asked=not_asked, n_ended=len(rows) - len(asked) - len(not_asked))


def _stop_one(backend: Backend, run: str, author: str, reason: str) -> AskedRun:
    """Ask one run.

    Raises:
        RunEnded: if it has ended meanwhile.
        RunMoved: if it changed its state each time that it was asked.
    """
    for _ in range(TRIES - 1):
        try:
            return AskedRun(run=run, **dict(give_command(backend, run, GiveCommand(command="stop"), author, reason)))
        except RunMoved:
            time.sleep(AGAIN_S)
    return AskedRun(run=run, **dict(give_command(backend, run, GiveCommand(command="stop"), author, reason)))


def _prepared(backend: Backend, asked: CreateSweep) -> list[Prepared]:
    catalogue = catalogue_of(backend.redis.catalogue())
    found = expand(asked, catalogue)
    check_place(backend, [spec for _, spec in found.runs])
    began, sweep = time.time(), secrets.token_hex(6)
    name = asked.name or f"{asked.recipe or launch.name_of(found.runs[0][1])} sweep"
    prepared = []
    for index, (values, spec) in enumerate(found.runs):
        row = launch.new_row(CreateRun(recipe=asked.recipe, name=_name(name, values)), spec, catalogue)
        row.created_at = began + index * APART_S
        row.sweep, row.sweep_values = sweep, dumps(values).decode()
        further = [] if index else [sweeps.new_row(sweep, name, asked.recipe, found.axes, began)]
        prepared.append(Prepared(row, spec, further=further))
    return prepared


def _name(sweep: str, values: Values) -> str:
    """What a run is called: what is its own in the sweep, which a list that cuts names still shows, and the sweep."""
    own = ", ".join(f"{axis}={value if isinstance(value, str) else shown(value)}" for axis, value in values.items())
    text = "".join(letter for letter in f"{own} · {sweep}" if letter.isprintable())
    return text if len(text) <= LONGEST_NAME else f"{text[: LONGEST_NAME - 1]}…"
