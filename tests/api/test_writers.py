"""Several writers at once: what SQLite's single writer makes true must be true on PostgreSQL."""

import threading
import time

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from api.problems import NoSuchRun
from api.store import runs
from api.tables import BlobRow, OrphanRow, RunRow
from contract.events import Log
from contract.names import blob_name

pytestmark = pytest.mark.databases("sqlite", "postgresql")


def blob(desk, run, sha256):
    with desk.database.write() as session:
        session.add(BlobRow(run=run, sha256=sha256))


def run_beside(write):
    """Begin to write in a thread, and give it the time to end if nothing makes it wait."""
    thread = threading.Thread(target=write)
    thread.start()
    thread.join(0.5)
    return thread


def test_of_two_deletes_at_once_one_sees_that_a_picture_has_no_user_any_more(desk):
    for run in ("a", "b"):
        desk.add_run(run, status="finished")
        blob(desk, run, "cd")

    def remove_b():
        with desk.database.write() as session:
            runs.remove(session, "b")

    with desk.database.write() as session:
        runs.remove(session, "a")
        other = run_beside(remove_b)
    other.join()
    with desk.database.read() as session:
        assert set(session.scalars(select(OrphanRow.name))) == {"runs/a/", "runs/b/", blob_name("cd")}


def test_a_fork_of_a_run_that_is_just_deleted_is_refused(desk):
    desk.add_run("parent", status="finished")
    refused = []

    def fork():
        child = RunRow(id="child", name="c", spec="{}", steps=1, knobs="[]", status="queued", created_at=2.0)
        child.parent = "parent"
        try:
            with desk.database.write() as session:
                runs.add(session, child)
        except NoSuchRun as error:
            refused.append(error)

    with desk.database.write() as session:
        runs.remove(session, "parent")
        other = run_beside(fork)
    other.join()
    with desk.database.read() as session:
        assert list(session.scalars(select(RunRow.id))) == []
    assert len(refused) == 1


def test_labels_are_kept_while_the_recorder_writes_the_same_run(stack):
    run, trainer = stack.training()
    for number in range(60):
        trainer.scalars([2 * number + 1, 2 * number + 2], loss__d=[1.0, 2.0])
        answer = stack.http.patch(f"/runs/{run.id}", json={"notes": f"note {number}"})
        assert answer.status_code == 200, answer.text
    stack.recorded(trainer.say(Log(message="last")))
    found = stack.run(run.id)
    assert (found.notes, found.step, found.status) == ("note 59", 120, "running")


@pytest.mark.databases("postgresql")
def test_a_database_that_ends_its_connections_loses_and_doubles_nothing(stack):
    run, trainer = stack.training()
    for number in range(40):
        last = trainer.say(Log(message=str(number)))
        if number % 10 == 5:
            end_all_connections(stack.database)
    stack.recorded(last)
    events = stack.get(f"/runs/{run.id}/events")["items"]
    messages = [event["body"]["message"] for event in events if event["kind"] == "log"]
    assert messages == [str(number) for number in range(40)]


def end_all_connections(database):
    """What a restart of the server, or its administrator, does to everybody, the one who asks included."""
    words = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with database.read() as session:
                session.execute(text(words))
        except DBAPIError:
            return
    raise AssertionError("the connections were not ended")
