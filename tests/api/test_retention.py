"""What ended runs have left behind: counted as it would be, and deleted as it was counted."""

import time

import pytest
from sqlalchemy import func, select

from api.retention import DAY_S, prunable, prune
from api.series.lineage import LineageReader
from api.tables import BlobRow, CheckpointRow, EventRow, FrameRow, OrphanRow, RunRow
from contract.events import (
    CheckpointWritten,
    Grid,
    KnobApplied,
    KnobAsked,
    KnobRequest,
    RunStatus,
    ScalarGroup,
    Scalars,
)
from contract.names import blob_name
from contract.retention import Keep, Prunable

GRID = Grid(series="samples", rows=1, columns=1, cell=[8, 8])
KNOB = KnobRequest(name="r1.weight", value=1.0, old=0.0)
ALL = Keep(events=10, pictures=10, checkpoints=10)


def written(run, step):
    name = f"runs/{run}/checkpoints/{step}"
    return CheckpointWritten(name=name, sha256="0" * 64, size_bytes=100, reason="interval", removed=[])


@pytest.fixture
def live(desk, tape):
    """Plays runs: three steps, pictures and checkpoints each, one changed knob, and an end so many days ago."""

    def play(run, days, *, status="finished"):
        desk.add_run(run)
        tape.say(run, RunStatus(status="running", from_step=0), 0)
        tape.say(run, KnobAsked(request_id=f"{run}-k", author="ada", knobs=[KNOB]), 0)
        tape.say(run, KnobApplied(request_id=f"{run}-k", knobs=[KNOB]), 1)
        for step in (1, 2, 3):
            tape.say(run, Scalars(groups=[ScalarGroup(steps=[step], values={"loss.d": [float(step)]})]), step)
            tape.say(run, GRID, step, blob=b"shared" if step == 1 else f"{run} {step}".encode())
            tape.say(run, written(run, step), step)
        if status is not None:
            tape.say(run, RunStatus(status=status), 3, time=time.time() - days * DAY_S)
        desk.record(tape.take())

    return play


def count(desk, kind, run):
    with desk.database.read() as session:
        return session.scalar(select(func.count()).select_from(kind).where(kind.run == run))


def orphans(desk):
    with desk.database.read() as session:
        return set(session.scalars(select(OrphanRow.name)))


def test_what_is_counted_is_what_is_deleted_and_a_second_time_there_is_nothing(desk, live):
    live("old", 20)
    counted = prunable(desk.database, ALL)
    assert counted.events == 3
    assert (counted.runs, counted.pictures, counted.checkpoints, counted.checkpoint_bytes) == (1, 2, 2, 200)
    assert prune(desk.database, ALL) == counted
    assert prunable(desk.database, ALL) == prune(desk.database, ALL) == Prunable()


def test_only_runs_that_ended_so_long_ago_lose_anything(desk, live):
    live("old", 20)
    live("new", 5)
    live("running", 0, status=None)
    assert prune(desk.database, ALL).runs == 1
    assert [count(desk, FrameRow, run) for run in ("old", "new", "running")] == [1, 3, 3]
    assert prunable(desk.database, Keep()) == Prunable(), "what is not named is kept"


def test_charts_ledger_and_the_newest_of_each_stay(desk, live):
    live("old", 20)
    prune(desk.database, ALL)
    with desk.database.read() as session:
        row = session.get(RunRow, "old")
        assert [*LineageReader.open(session, row, "loss.d").points(0, 10).steps] == [1, 2, 3]
        assert session.scalars(select(FrameRow.step)).all() == [3]
        kept = session.scalars(select(CheckpointRow.step).where(CheckpointRow.removed.is_(False))).all()
        assert kept == [3]
        kinds = session.scalars(select(EventRow.kind).order_by(EventRow.position)).all()
    assert kinds.count("grid") == 1
    assert {"knob.asked", "knob.applied", "run.status", "checkpoint.written"} <= set(kinds)


def test_a_picture_that_another_run_shows_stays_in_the_store(desk, live):
    live("old", 20)
    live("new", 5)
    prune(desk.database, ALL)
    gone = orphans(desk)
    with desk.database.read() as session:
        used = set(session.scalars(select(BlobRow.sha256).where(BlobRow.run == "new")))
        own = session.scalars(select(BlobRow.sha256).where(BlobRow.run == "old")).all()
    assert len(own) == 1, "that of its last picture"
    assert not gone & {blob_name(sha256) for sha256 in [*used, *own]}
    assert len([name for name in gone if name.startswith("blobs/")]) == 1
    assert {"runs/old/checkpoints/1", "runs/old/checkpoints/2"} <= gone


def test_scalar_events_go_once_the_charts_have_their_copy(desk, live):
    live("old", 20)
    assert prune(desk.database, Keep(events=10)) == Prunable(runs=1, events=3)
    with desk.database.read() as session:
        assert session.scalars(select(EventRow.position).where(EventRow.kind == "scalars")).all() == []
        row = session.get(RunRow, "old")
        assert [*LineageReader.open(session, row, "loss.d").points(0, 10).steps] == [1, 2, 3]
