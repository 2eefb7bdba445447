"""Runs: making, listing, reading, relabelling, deleting."""

import base64
import json
import threading

import pytest
from redis.exceptions import ConnectionError
from sqlalchemy import func, select

from api.tables import RunRow
from contract import names
from contract.events import RunStatus
from contract.jobs import TrainJob
from contract.overview import RunList
from contract.runs import Run

pytestmark = pytest.mark.stack


def n_runs(stack):
    with stack.database.read() as session:
        return session.scalar(select(func.count()).select_from(RunRow))


def messages(stack):
    return [json.loads(message) for message in stack.redis.lrange(names.QUEUE, 0, -1)]


def test_a_launched_run_is_queued_with_all_that_a_worker_needs(server):
    answer = server.http.post("/runs", json={"recipe": "faces-acgan", "overrides": {"seed": 3}, "name": "mine"})
    run = Run.model_validate(answer.json())
    assert answer.status_code == 201
    assert answer.headers["location"] == f"/api/v1/runs/{run.id}"
    assert (run.name, run.status, run.recipe, run.attempt, run.step, run.steps) == (
        "mine",
        "queued",
        "faces-acgan",
        1,
        0,
        500,
    )
    assert {knob.name: knob.value for knob in run.knobs}["auxiliary.weight"] == 1.0
    (message,) = messages(server)
    _, kwargs, _ = json.loads(base64.b64decode(message["body"]))
    job = TrainJob.model_validate(kwargs["job"])
    assert (message["headers"]["task"], message["headers"]["id"]) == (names.TRAIN_TASK, f"{run.id}:1")
    assert (message["content-type"], job.run, job.attempt, job.resume) == ("application/json", run.id, 1, None)
    assert job.spec == run.spec
    assert job.spec.seed == 3
    assert server.redis.get(names.attempt_key(run.id)) == b"1"
    ((_, fields),) = server.redis.xrange(names.EVENTS)
    assert (fields[b"kind"], json.loads(fields[b"body"])) == (b"run.status", {"status": "queued"})


REFUSED = [
    {"recipe": "cats"},
    {"recipe": "faces-acgan", "overrides": {"network": {"width": 1}}},
    {"recipe": "faces-acgan", "name": "x" * 121},
    {"recipe": "faces-acgan", "colour": "red"},
    {"spec": "nonsense"},
    {},
]


def test_what_is_refused_makes_nothing(server):
    for body in REFUSED:
        answer = server.http.post("/runs", json=body)
        assert answer.status_code == 422
        problem = answer.json()
        assert problem["errors"], body
        assert all(set(error) == {"where", "message"} for error in problem["errors"])
    assert (n_runs(server), messages(server), server.redis.xlen(names.EVENTS)) == (0, [], 0)


def test_without_a_catalogue_nothing_can_be_launched(server):
    server.redis.delete(names.CATALOGUE)
    answer = server.http.post("/runs", json={"recipe": "faces-acgan"})
    assert (answer.status_code, answer.json()["code"]) == (503, "no-worker-yet")
    assert n_runs(server) == 0


def test_the_same_key_makes_one_run(server):
    headers = {"Idempotency-Key": "k1"}
    answers = [server.http.post("/runs", json={"recipe": "faces-acgan"}, headers=headers) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (n_runs(server), len(messages(server))) == (1, 1)
    other = server.http.post("/runs", json={"recipe": "faces-acgan", "name": "b"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")
    assert n_runs(server) == 1


@pytest.mark.databases("sqlite", "postgresql")
def test_the_same_key_at_the_same_moment_makes_one_run(server):
    answers = []

    def launch():
        headers = {"Idempotency-Key": "k1"}
        answers.append(server.http.post("/runs", json={"recipe": "faces-acgan"}, headers=headers))

    threads = [threading.Thread(target=launch) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (n_runs(server), len(messages(server))) == (1, 1)


def test_a_list_is_newest_first_and_goes_on_where_it_ended(server):
    ids = [server.create(name=str(number)).id for number in range(5)]
    found, after = [], None
    for _ in range(3):
        page = RunList.model_validate(server.get("/runs", limit=2, **({"after": after} if after else {})))
        found += [run.id for run in page.items]
        after = page.next
    assert (found, after) == (ids[::-1], None)


def test_a_list_may_be_of_some_states_only(stack, until):
    waiting = stack.create()
    running, _ = stack.training()
    assert [run["id"] for run in stack.get("/runs", status="running")["items"]] == [running.id]
    both = stack.get("/runs", status=["running", "queued"])["items"]
    assert [run["id"] for run in both] == [running.id, waiting.id]
    assert stack.http.get("/runs", params={"status": "asleep"}).status_code == 422


def test_a_cursor_that_is_none_is_refused(server):
    for after in ("x", "1.0", "_", "1.0_", "a_b"):
        answer = server.http.get("/runs", params={"after": after})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), after


def test_a_run_says_what_its_events_say(stack, until):
    run, trainer = stack.training()
    last = trainer.scalars([1, 2], loss__d=[1.0, float("nan")], modes__captured=[3.0, 4.0])
    stack.recorded(last)
    found = stack.run(run.id)
    assert (found.status, found.step, found.cursor) == ("running", 2, last)
    assert repr(found.latest) == "{'loss.d': nan, 'modes.captured': 4.0}"
    trainer.say(RunStatus(status="failed", reason="broke", traceback="Trace"), 2)
    until(lambda: stack.run(run.id).status == "failed")
    found = stack.run(run.id)
    assert (found.reason, found.traceback, found.finished_at is None) == ("broke", "Trace", False)


def test_an_unknown_run_is_404_everywhere(server):
    run = "/runs/0123456789ab"
    for method, path in [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("PATCH", "/knobs"),
        ("POST", "/commands"),
        ("GET", "/ledger"),
        ("GET", "/series"),
        ("GET", "/series/loss.d"),
        ("GET", "/series/loss.d/1"),
        ("GET", "/checkpoints"),
        ("GET", "/checkpoints/1/file"),
        ("GET", "/export"),
        ("GET", "/events"),
        ("GET", "/alarms"),
    ]:
        body = {"command": "stop"} if path == "/commands" else {}
        answer = server.http.request(method, run + path, json=body if method != "GET" else None)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-run"), (method, path)
        assert "0123456789ab" in answer.json()["detail"]


def test_a_label_can_be_changed_and_nothing_else(server):
    run = server.create()
    answer = server.http.patch(f"/runs/{run.id}", json={"notes": "n", "tags": ["a", "b"]})
    changed = Run.model_validate(answer.json())
    assert (changed.name, changed.notes, changed.tags) == ("faces-acgan", "n", ["a", "b"])
    for body in ({"status": "finished"}, {"name": ""}, {"tags": ["x"] * 33}):
        assert server.http.patch(f"/runs/{run.id}", json=body).status_code == 422
    assert server.run(run.id) == changed


def test_a_run_that_has_ended_can_be_deleted(stack, until):
    run, trainer = stack.training()
    refused = stack.http.delete(f"/runs/{run.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "run-active")
    assert stack.run(run.id).status == "running"
    trainer.say(RunStatus(status="finished"), 500)
    until(lambda: stack.run(run.id).status == "finished")
    trainer.drop_lease()
    assert stack.http.delete(f"/runs/{run.id}").status_code == 204
    assert stack.http.get(f"/runs/{run.id}").status_code == 404
    until(lambda: stack.redis.keys(f"modescope:run:{run.id}:*") == [])


def test_a_waiting_run_says_why(server):
    first, second = server.create(), server.create()
    assert server.run(first.id).reason.startswith("no worker is online: start one with `python -m worker`")
    server.announce_worker(run="busy")
    assert server.run(first.id).reason == "every slot is busy; it is the next in the queue"
    assert server.run(second.id).reason == "1 run ahead in the queue"
    third = server.create()
    assert third.reason == "2 runs ahead in the queue"
    server.announce_worker()
    assert server.run(first.id).reason == "a worker is about to take it"


def test_a_run_that_redis_did_not_take_is_there_and_left_to_the_reaper(server, monkeypatch):
    def fail(*_):
        raise ConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr("api.redis_store.store.RedisStore.begin_attempt", fail)
        run = server.create()
    assert (server.run(run.id).status, messages(server), server.redis.xlen(names.EVENTS)) == ("queued", [], 0)


def test_while_redis_is_away_runs_can_be_read_and_a_launch_is_refused(server, valkey):
    run = server.create()
    valkey.stop()
    assert server.run(run.id).status == "queued"
    answer = server.http.post("/runs", json={"recipe": "faces-acgan"})
    assert (answer.status_code, answer.json()["code"]) == (503, "redis-away")
    assert n_runs(server) == 1


@pytest.mark.parametrize("name", ["", "   ", "a\x00b", "a\u202eb", "x" * 121])
def test_a_name_that_cannot_be_shown_is_refused(server, name):
    answer = server.http.post("/runs", json={"recipe": "faces-acgan", "name": name})
    assert answer.status_code == 422
    assert "name" in answer.text
