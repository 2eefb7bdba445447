"""Recording: once, whole, and whatever comes."""

import hashlib
import json

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from api.positions import position_of
from api.recorder.recording import Overtaken
from api.store import events, ledger, state
from api.store import series as series_store
from api.tables import BlobRow, CheckpointRow, EventRow, FrameRow, UnreadableRow
from contract.events import (
    CheckpointWritten,
    CommandApplied,
    CommandAsked,
    Grid,
    KnobApplied,
    KnobAsked,
    KnobRefused,
    KnobRequest,
    KnobSuperseded,
    Log,
    Points,
    RunStatus,
    ScalarGroup,
    Scalars,
    SeriesInfo,
)
from contract.knobs import KnobDescription

pytestmark = pytest.mark.databases("sqlite", "postgresql")

PICTURE = b"\x89PNG not really"
GRID = Grid(series="samples", rows=1, columns=1, cell=[8, 8])


def scalars(*steps):
    return Scalars(groups=[ScalarGroup(steps=list(steps), values={"loss.d": [float(step) for step in steps]})])


def all_events(desk, run="r"):
    with desk.database.read() as session:
        return list(events.every(session, run))


def rows(desk, table):
    with desk.database.read() as session:
        return session.scalars(select(table).order_by(*table.__table__.primary_key)).all()


def items(desk, run="r"):
    with desk.database.read() as session:
        return ledger.page(session, run, 0, 100)[0]


def test_events_stay_as_they_came_and_the_cursor_follows(desk, tape):
    desk.add_run("r")
    body = Scalars(groups=[ScalarGroup(steps=[1, 2], values={"a": [float("nan"), float("-inf")]})])
    tape.say("r", body, 2, time=1234.5)
    last = tape.say("r", Log(message="ä\u2028<b>"), source="supervisor")
    desk.record(tape.take())
    first, second = all_events(desk)
    assert first.typed().model_dump_json() == body.model_dump_json()
    assert (first.step, first.time, first.seq, first.source) == (2, 1234.5, 1, "trainer")
    assert (second.id, second.body["message"]) == (last, "ä\u2028<b>")
    assert desk.position == position_of(last)
    with desk.database.read() as session:
        assert (state.cursor(session), state.n_events(session)) == (last, 2)


def test_a_double_is_recorded_once_and_counts_once(desk, tape):
    desk.add_run("r")
    tape.say("r", RunStatus(status="lost"), seq=1)
    tape.say("r", RunStatus(status="lost"), seq=1)
    desk.record(tape.take())
    tape.say("r", RunStatus(status="lost"), seq=1)
    desk.record(tape.take())
    assert len(all_events(desk)) == 1
    assert desk.row("r").losses == 1


def test_somebody_elses_cursor_is_respected(desk, tape):
    desk.add_run("r")
    tape.say("r", Log(message="a"))
    entries = tape.take()
    desk.record(entries)
    with pytest.raises(Overtaken):
        desk.recording.record(0, entries)
    assert len(all_events(desk)) == 1


def test_events_of_a_run_that_is_not_there_are_dropped(desk, tape):
    last = tape.say("gone", Log(message="a"))
    desk.record(tape.take())
    assert rows(desk, EventRow) == rows(desk, UnreadableRow) == []
    assert desk.position == position_of(last)


GOOD = {b"v": b"1", b"run": b"r", b"attempt": b"1", b"source": b"trainer", b"kind": b"log", b"seq": b"1"}
BROKEN = {
    "another version": {**GOOD, b"v": b"2", b"head": b'{"time": 1}', b"body": b'{"message": "x"}'},
    "no fields": {b"x": b"\xff\xfe"},
    "no JSON": {**GOOD, b"head": b'{"time": 1}', b"body": b"{"},
    "an unknown kind": {**GOOD, b"kind": b"nonsense", b"head": b'{"time": 1}', b"body": b"{}"},
    "an unknown field": {**GOOD, b"head": b'{"time": 1}', b"body": b'{"message": "x", "y": 1}'},
    "a body of another shape": {**GOOD, b"head": b'{"time": 1}', b"body": b"[]"},
    "uneven columns": {
        **GOOD,
        b"kind": b"scalars",
        b"head": b'{"time": 1}',
        b"body": b'{"groups": [{"steps": [1, 2], "values": {"a": [1.0]}}]}',
    },
    "a step out of range": {**GOOD, b"head": b'{"time": 1, "step": 9223372036854775808}', b"body": b'{"message": "x"}'},
    "a negative step": {**GOOD, b"head": b'{"time": 1, "step": -1}', b"body": b'{"message": "x"}'},
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_cannot_be_read_is_kept_raw_and_stops_nobody(what, desk, tape, caplog):
    desk.add_run("r")
    tape.say("r", Log(message="before"), seq=100)
    bad = tape.raw(BROKEN[what])
    tape.say("r", Log(message="after"), seq=101)
    desk.record(tape.take())
    assert [event.body["message"] for event in all_events(desk)] == ["before", "after"]
    (kept,) = rows(desk, UnreadableRow)
    assert kept.position == position_of(bad)
    assert len(json.loads(kept.fields)) == len(BROKEN[what])
    assert "cannot be read" in caplog.text


def test_a_step_at_the_edge_is_recorded(desk, tape):
    desk.add_run("r")
    tape.say("r", scalars(2**62 - 1), 2**62 - 1)
    desk.record(tape.take())
    assert desk.row("r").step == 2**62 - 1


def test_an_event_that_sql_refuses_is_kept_raw_and_the_rest_is_recorded(desk, tape, monkeypatch, caplog):
    desk.add_run("r")
    tape.say("r", Log(message="before"))
    poison = tape.say("r", Log(message="poison"))
    tape.say("r", Log(message="after"))
    from api.recorder.derived import Derivation

    apply = Derivation.apply

    def fail(self, run, event, body, position):
        if position == position_of(poison):
            raise OverflowError("too large")
        apply(self, run, event, body, position)

    monkeypatch.setattr(Derivation, "apply", fail)
    desk.record(tape.take())
    assert [event.body["message"] for event in all_events(desk)] == ["before", "after"]
    assert [row.position for row in rows(desk, UnreadableRow)] == [position_of(poison)]
    assert "kept raw" in caplog.text


def test_a_database_that_is_away_records_nothing_and_says_so(desk, tape, monkeypatch):
    desk.add_run("r")
    tape.say("r", Log(message="a"))
    entries = tape.take()
    from api.recorder.derived import Derivation

    with monkeypatch.context() as patch:
        patch.setattr(Derivation, "finish", _full)
        with pytest.raises(OperationalError):
            desk.record(entries)
    assert all_events(desk) == []
    desk.record(entries)
    assert len(all_events(desk)) == 1


def _full(_self):
    raise OperationalError("INSERT", {}, Exception("database or disk is full"))


def test_pictures_are_stored_once_by_content(desk, tape):
    desk.add_run("r")
    desk.add_run("other")
    for run in ("r", "other"):
        for step in (10, 20):
            tape.say(run, GRID, step, blob=PICTURE)
    desk.record(tape.take())
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    assert desk.artefacts.get(f"blobs/{sha256[:2]}/{sha256}") == PICTURE
    assert {(row.run, row.sha256) for row in rows(desk, BlobRow)} == {("r", sha256), ("other", sha256)}
    assert {(row.run, row.step) for row in rows(desk, FrameRow)} == {("r", 10), ("r", 20), ("other", 10), ("other", 20)}


def test_a_picture_that_is_not_what_it_says_is_not_stored(desk, tape, tmp_path):
    desk.add_run("r")
    tape.say("r", GRID, 1, blob=PICTURE, sha256="0" * 64)
    desk.record(tape.take())
    assert not (tmp_path / "artefacts").exists()
    assert next(row.error for row in rows(desk, UnreadableRow)).endswith("not the one that the event names")


def test_a_run_follows_its_events(desk, tape):
    desk.add_run("r")
    knob = KnobDescription(name="r1.weight", default=3.0)
    infos = [SeriesInfo(name="loss.g"), SeriesInfo(name="loss.d", unit="nat"), SeriesInfo(name="samples", kind="grid")]
    tape.say("r", RunStatus(status="starting"), source="supervisor", time=100.0)
    tape.say(
        "r",
        RunStatus(status="running", from_step=0, device="cpu", knobs=[knob], series=infos, attributes={"hair": ["a"]}),
        0,
        time=101.0,
    )
    tape.say("r", scalars(1, 2, 3), 3)
    desk.record(tape.take())
    row = desk.row("r")
    assert (row.status, row.started_at, row.step, row.device) == ("running", 100.0, 3, "cpu")
    assert json.loads(row.attributes) == {"hair": ["a"]}
    assert json.loads(row.knobs)[0]["default"] == 3.0
    with desk.database.read() as session:
        listed = [(one.name, one.kind, one.unit, one.last_step) for one in series_store.listed(session, desk.row("r"))]
    assert listed == [("loss.g", "scalar", "", None), ("loss.d", "scalar", "nat", 3), ("samples", "grid", "", None)]
    tape.say("r", RunStatus(status="failed", reason="broke", traceback="Trace"), 3, time=102.0)
    desk.record(tape.take())
    row = desk.row("r")
    assert (row.status, row.reason, row.traceback, row.finished_at) == ("failed", "broke", "Trace", 102.0)


@pytest.mark.parametrize("end", ["finished", "stopped", "failed"])
def test_an_end_is_final_however_its_trainer_dies_afterwards(end, desk, tape):
    desk.add_run("r")
    tape.say("r", RunStatus(status=end, reason="its end"), 3, time=102.0)
    tape.say("r", RunStatus(status="lost", reason="killed on its way out"), source="supervisor", time=103.0)
    desk.record(tape.take())
    row = desk.row("r")
    assert (row.status, row.reason, row.finished_at, row.losses) == (end, "its end", 102.0, 0)


def test_a_later_attempt_supersedes_pictures_and_checkpoints_beyond_its_start(desk, tape):
    desk.add_run("r")
    for step in (10, 20, 30):
        tape.say("r", GRID, step, blob=PICTURE)
        tape.say("r", written(step), step)
    tape.say("r", RunStatus(status="running", from_step=20), 20, attempt=2)
    tape.say("r", GRID, 25, attempt=2, blob=b"new")
    desk.record(tape.take())
    assert [row.step for row in rows(desk, FrameRow)] == [10, 20, 25]
    assert [(row.step, row.superseded) for row in rows(desk, CheckpointRow)] == [(10, False), (20, False), (30, True)]
    assert len(all_events(desk)) == 8


def test_points_of_a_step_are_found_again(desk, tape):
    desk.add_run("r")
    body = Points(series="points", generated=[[0.0, float("nan")]], real=[], extent=[0, 1, 0, 1])
    tape.say("r", body, 7)
    desk.record(tape.take())
    with desk.database.read() as session:
        found = events.envelope(series_store.frame(session, desk.row("r"), "points", 7))
    assert found.typed().model_dump_json() == body.model_dump_json()


def written(step, *, removed=(), **more):
    return CheckpointWritten(
        name=f"runs/r/{step}", sha256="0" * 64, size_bytes=1, reason="interval", removed=list(removed), **more
    )


def test_checkpoints_are_kept_until_they_are_replaced(desk, tape):
    desk.add_run("r", losses=2)
    tape.say("r", written(10), 10)
    tape.say("r", written(20, removed=["runs/r/10"]), 20)
    desk.record(tape.take())
    assert [(row.step, row.removed) for row in rows(desk, CheckpointRow)] == [(10, True), (20, False)]
    assert desk.row("r").losses == 0


def test_only_a_newer_checkpoint_ends_a_row_of_losses(desk, tape):
    desk.add_run("r")
    tape.say("r", written(10), 10)
    tape.say("r", RunStatus(status="lost"), source="supervisor")
    tape.say("r", written(10), 10, attempt=2)
    desk.record(tape.take())
    assert desk.row("r").losses == 1
    tape.say("r", written(11), 11, attempt=2)
    desk.record(tape.take())
    assert desk.row("r").losses == 0


def asked(request="q1", **values):
    knobs = [KnobRequest(name=name, value=value, old=1.0) for name, value in values.items()]
    return KnobAsked(request_id=request, author="page", reason="to see", knobs=knobs)


def test_a_request_has_one_outcome_a_knob(desk, tape):
    desk.add_run("r")
    tape.say("r", asked(a=2.0, b=3.0), 5, source="api", time=50.0)
    desk.record(tape.take())
    assert [(item.name, item.outcome, item.new) for item in items(desk)] == [("a", None, 2.0), ("b", None, 3.0)]
    done = KnobApplied(request_id="q1", knobs=[KnobRequest(name="a", value=2.0, old=1.5)], latency_ms=12.0)
    tape.say("r", KnobSuperseded(request_id="q1", knobs=[KnobRequest(name="b", value=3.0)], by="q2"), 8)
    tape.say("r", done, 8)
    tape.say("r", KnobRefused(request_id="q1", knobs=[KnobRequest(name="a", value=2.0)], reason="late"), 9)
    desk.record(tape.take())
    a, b = items(desk)
    assert (a.outcome, a.step, a.old, a.new, a.latency_ms, a.author) == ("applied", 8, 1.5, 2.0, 12.0, "page")
    assert (a.reason, a.outcome_reason, a.asked_at) == ("to see", None, 50.0)
    assert (b.outcome, b.outcome_reason) == ("superseded", "superseded (by q2)")


def test_commands_are_in_the_ledger_too(desk, tape):
    desk.add_run("r")
    tape.say("r", CommandAsked(request_id="q1", author="me", command="pause"), 5, source="api")
    tape.say("r", CommandApplied(request_id="q1", command="pause", latency_ms=3.0), 6)
    desk.record(tape.take())
    (item,) = items(desk)
    assert (item.kind, item.name, item.outcome, item.step, item.new) == ("command", "pause", "applied", 6, None)


def test_a_knobs_step_is_not_yet_the_runs_step(desk, tape):
    desk.add_run("r")
    tape.say("r", scalars(4), 4)
    tape.say("r", asked(a=2.0), 4, source="api")
    tape.say("r", KnobApplied(request_id="q1", knobs=[KnobRequest(name="a", value=2.0)]), 5)
    desk.record(tape.take())
    assert desk.row("r").step == 4


def test_it_remembers_that_a_run_was_paused(desk, tape):
    desk.add_run("r")
    for status, paused in (("running", False), ("paused", True), ("lost", True), ("queued", True), ("running", False)):
        tape.say("r", RunStatus(status=status))
        desk.record(tape.take())
        assert desk.row("r").was_paused is paused, status
