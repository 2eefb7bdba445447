"""A log that is played instead of trained: what the recorder, a viewer or a page is given does not depend on a loop."""

import json
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.orm import Session

from api.artefacts import Artefacts
from api.database import Database
from api.recorder.recording import Recording
from api.tables import RunRow
from benchmarks._ratios import default_cache
from benchmarks.training import spec_of
from contract.events import Body, Envelope, RunStatus, ScalarGroup, Scalars, Status, to_fields
from worker.training.game import build
from worker.training.knob_board import KnobBoard
from worker.training.series import announced

RECIPE = "ring-collapse"
PER_EVENT = 50
"""Steps in one event of scalars: what a loop of 2 ms steps sends every 100 ms."""
AT_ONCE = 400
"""Events recorded in one transaction."""


def database_of(data: Path) -> Database:
    """The database of a data folder, as `modescope up` has it; made where there is none."""
    data.mkdir(parents=True, exist_ok=True)
    database = Database(f"sqlite:///{data.absolute() / 'modescope.db'}")
    database.migrate()
    return database


def add_run(session: Session, run: str, steps: int, status: Status = "finished") -> None:
    """A run that nobody trains. One that is not finished needs a lease, or it is looked for."""
    spec = spec_of(RECIPE, {"steps": steps}).model_dump_json(by_alias=True)
    row = RunRow(id=run, name=run, spec=spec, recipe=RECIPE, steps=steps, step=steps, knobs="[]", status=status)
    row.created_at = time.time()
    session.add(row)


def event(run: str, seq: int, step: int, body: Body) -> Envelope:
    """An event as a trainer would number it."""
    content = body.model_dump(mode="json")
    return Envelope(
        run=run, attempt=1, source="trainer", seq=seq, step=step, time=time.time(), kind=body.kind, body=content
    )


def record_long_run(data: Path, run: str, steps: int, n_series: int) -> None:
    """Record a run of many steps whose first series move at random, the way the recorder records."""
    database = database_of(data)
    with database.write() as session:
        add_run(session, run, steps)
    recording = Recording(database, Artefacts(f"file://{data.absolute() / 'artefacts'}"))
    position, waiting = recording.position(), []
    began_ms = int(time.time() * 1000) - 60_000
    for envelope in _long_run(run, steps, n_series):
        fields = {name.encode(): value for name, value in to_fields(envelope).items()}
        waiting.append((f"{began_ms}-{envelope.seq}", {**fields, b"seq": str(envelope.seq).encode()}))
        if len(waiting) == AT_ONCE:
            position, waiting = recording.record(position, waiting), []
    if waiting:
        recording.record(position, waiting)


def _long_run(run: str, steps: int, n_series: int) -> Iterator[Envelope]:
    game = build(spec_of(RECIPE, {"steps": steps}), default_cache())
    board = KnobBoard(game)
    series = announced(game, board)
    begun = RunStatus(status="running", from_step=0, device="cpu", knobs=board.describe(), series=series)
    yield event(run, 1, 0, begun)
    names = [info.name for info in series if info.kind == "scalar" and not info.name.startswith("knob.")][:n_series]
    walk, rng = dict.fromkeys(names, 0.0), random.Random(1)
    for turn, first in enumerate(range(1, steps + 1, PER_EVENT)):
        last = min(first + PER_EVENT, steps + 1)
        values = {}
        for name in names:
            values[name] = [walk[name] + math.sin(step / 1e4) + rng.random() for step in range(first, last)]
            walk[name] += rng.uniform(-0.01, 0.01)
        yield event(
            run, turn + 2, last - 1, Scalars(groups=[ScalarGroup(steps=list(range(first, last)), values=values)])
        )
    yield event(run, turn + 3, steps, RunStatus(status="finished", reason="played"))


def scalars_of(size_bytes: int, step: int) -> Scalars:
    """Scalars of one step whose JSON has about that size."""
    each = len(json.dumps({"series.000": -0.12345678}))
    names = [f"series.{number:03}" for number in range(max(1, size_bytes // each))]
    return Scalars(groups=[ScalarGroup(steps=[step], values={name: [-0.12345678] for name in names})])
