"""Asking for knobs, giving commands, and the ledger."""

import base64
import json

import pytest

from contract import names
from contract.events import (
    CheckpointWritten,
    CommandApplied,
    CommandAsked,
    KnobApplied,
    KnobAsked,
    KnobRequest,
    RunStatus,
    from_fields,
)
from contract.jobs import TrainJob
from contract.runs import Accepted, LedgerItem

pytestmark = pytest.mark.stack


def asked(stack, run):
    """What the trainer finds in the run's own stream."""
    return [from_fields(i.decode(), f) for i, f in stack.redis.xrange(names.commands_key(run))]


def items(stack, run):
    return [LedgerItem.model_validate(item) for item in stack.get(f"/runs/{run}/ledger")["items"]]


def jobs(stack):
    bodies = [json.loads(message)["body"] for message in stack.redis.lrange(names.QUEUE, 0, -1)]
    return [TrainJob.model_validate(json.loads(base64.b64decode(body))[1]["job"]) for body in bodies]


def ended(stack, status="finished"):
    run, trainer = stack.training()
    trainer.say(RunStatus(status=status, reason="why"), 5)
    stack.until(lambda: stack.run(run.id).status == status)
    trainer.drop_lease()
    return run, trainer


def test_a_request_reaches_the_trainer_and_its_outcome_the_ledger(stack, until):
    run, trainer = stack.training()
    headers = {"X-Modescope-Author": "Ada", "X-Modescope-Reason": "to see"}
    answer = stack.http.patch(f"/runs/{run.id}/knobs", json={"auxiliary.weight": 2.5, "r1.weight": 0}, headers=headers)
    assert answer.status_code == 202
    accepted = Accepted.model_validate(answer.json())
    (event,) = asked(stack, run.id)
    body = event.typed()
    assert isinstance(body, KnobAsked)
    assert (event.source, event.attempt, body.request_id) == ("api", 1, accepted.request_id)
    assert [(knob.name, knob.value, knob.old) for knob in body.knobs] == [
        ("auxiliary.weight", 2.5, 1.0),
        ("r1.weight", 0, 10.0),
    ]
    until(lambda: len(items(stack, run.id)) == 2)
    waiting = {knob.name: (knob.value, knob.asked) for knob in stack.run(run.id).knobs}
    assert waiting["auxiliary.weight"] == (1.0, 2.5)
    knobs = [KnobRequest(name="auxiliary.weight", value=2.5, old=1.0), KnobRequest(name="r1.weight", value=0, old=10.0)]
    trainer.say(KnobApplied(request_id=body.request_id, knobs=knobs, latency_ms=7.5), 12)
    until(lambda: all(item.outcome for item in items(stack, run.id)))
    first, second = items(stack, run.id)
    assert (first.name, first.old, first.new, first.author, first.reason) == (
        "auxiliary.weight",
        1.0,
        2.5,
        "Ada",
        "to see",
    )
    assert (first.outcome, first.step, first.latency_ms, first.asked_at) == ("applied", 12, 7.5, accepted.asked_at)
    assert second.name == "r1.weight"
    now = {knob.name: (knob.value, knob.applied_step, knob.asked) for knob in stack.run(run.id).knobs}
    assert now["auxiliary.weight"] == (2.5, 12, None)
    assert now["hinge.margin"] == (1.0, None, None)


REFUSED = [
    ({"auxiliary.weight": 11}, "auxiliary.weight must be a number from 0 to 10; got 11"),
    ({"auxiliary.weight": "2"}, 'auxiliary.weight must be a number from 0 to 10; got "2"'),
    ({"nonsense": 2, "r1.weight": 1}, 'no knob called "nonsense". This run has: auxiliary.weight'),
    ({}, "no knob came"),
    ([], "should be a valid dictionary"),
]


def test_a_refused_request_changes_nothing(server):
    run = server.create()
    n_events = server.redis.xlen(names.EVENTS)
    for body, words in REFUSED:
        answer = server.http.patch(f"/runs/{run.id}/knobs", json=body)
        assert answer.status_code == 422
        assert words in answer.json()["detail"]
    assert (asked(server, run.id), server.redis.xlen(names.EVENTS)) == ([], n_events)


def test_an_ended_run_takes_no_requests(stack):
    for status in ("finished", "stopped", "failed"):
        run, _ = ended(stack, status)
        for answer in (
            stack.http.patch(f"/runs/{run.id}/knobs", json={"r1.weight": 1}),
            stack.http.post(f"/runs/{run.id}/commands", json={"command": "pause"}),
            stack.http.post(f"/runs/{run.id}/commands", json={"command": "stop"}),
        ):
            assert (answer.status_code, answer.json()["code"]) == (409, "run-ended")
            assert f"is {status}" in answer.json()["detail"]
        assert asked(stack, run.id) == []


def test_commands_reach_the_trainer(stack, until):
    run, trainer = stack.training()
    commands = ["pause", "resume", "step", "stop", "checkpoint", "park"]
    for command in commands:
        given = {"command": command, "params": {"n": 2}, "reason": "so"}
        assert stack.http.post(f"/runs/{run.id}/commands", json=given).status_code == 202
    bodies = [event.typed() for event in asked(stack, run.id)]
    assert all(isinstance(body, CommandAsked) for body in bodies)
    assert [body.command for body in bodies] == commands
    assert {(body.params["n"], body.author, body.reason) for body in bodies} == {(2, "api", "so")}
    for body in bodies:
        trainer.say(CommandApplied(request_id=body.request_id, command=body.command), 3)
    until(lambda: [item.outcome for item in items(stack, run.id)] == ["applied"] * 6)


def test_an_unknown_command_is_refused_with_those_there_are(server):
    run = server.create()
    answer = server.http.post(f"/runs/{run.id}/commands", json={"command": "explode"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "'pause', 'resume', 'step', 'stop', 'checkpoint', 'park' or 'rewind'" in answer.json()["detail"]
    assert asked(server, run.id) == []


def test_a_queued_run_is_stopped_here_and_whoever_takes_its_message_is_fenced(stack, until):
    run = stack.create()
    answer = stack.http.post(
        f"/runs/{run.id}/commands", json={"command": "stop"}, headers={"X-Modescope-Author": "Ada"}
    )
    assert answer.status_code == 202
    until(lambda: stack.run(run.id).status == "stopped")
    found = stack.run(run.id)
    assert (found.reason, found.attempt, found.finished_at is None) == ("stopped by Ada", 2, False)
    assert [(item.name, item.outcome) for item in items(stack, run.id)] == [("stop", "applied")]
    assert stack.puppet(run.id).try_to_say(RunStatus(status="running")).status == "fenced"


def test_a_queued_run_that_is_being_taken_is_stopped_by_its_trainer(stack):
    run = stack.create()
    stack.puppet(run.id).take_lease()
    assert stack.http.post(f"/runs/{run.id}/commands", json={"command": "stop"}).status_code == 202
    assert [event.body["command"] for event in asked(stack, run.id)] == ["stop"]
    assert stack.redis.get(names.attempt_key(run.id)) == b"1"


def parked(stack):
    run, trainer = stack.training()
    kept = CheckpointWritten(name="runs/x/7", sha256="0" * 64, size_bytes=1, reason="park")
    trainer.say(kept, 7)
    trainer.say(RunStatus(status="parked"), 7)
    stack.until(lambda: stack.run(run.id).status == "parked")
    return run, trainer


def test_a_parked_run_goes_on_from_its_checkpoint_when_resumed(stack, until):
    run, trainer = parked(stack)
    resume = {"command": "resume"}
    early = stack.http.post(f"/runs/{run.id}/commands", json=resume)
    assert (early.status_code, early.json()["code"]) == (409, "run-moved")  # its supervisor has not let go yet
    trainer.drop_lease()
    assert stack.http.post(f"/runs/{run.id}/commands", json=resume).status_code == 202
    until(lambda: stack.run(run.id).status == "queued")
    first, second = sorted(jobs(stack), key=lambda job: job.attempt)
    assert (first.attempt, second.attempt) == (1, 2)
    assert [(one.step, one.name) for one in second.resume.checkpoints] == [(7, "runs/x/7")]
    assert not second.resume.paused
    assert [(item.name, item.outcome) for item in items(stack, run.id)] == [("resume", "applied")]


def test_a_parked_run_takes_only_resume_and_stop(stack, until):
    run, trainer = parked(stack)
    trainer.drop_lease()
    answer = stack.http.post(f"/runs/{run.id}/commands", json={"command": "pause"})
    assert (answer.status_code, answer.json()["code"]) == (409, "run-parked")
    assert stack.http.post(f"/runs/{run.id}/commands", json={"command": "stop"}).status_code == 202
    until(lambda: stack.run(run.id).status == "stopped")
    assert [job.attempt for job in jobs(stack)] == [1]


def test_a_request_while_the_log_is_full_is_refused_whole(server, monkeypatch):
    run = server.create()
    monkeypatch.setattr("contract.append.MOST_ENTRIES", 1)
    answer = server.http.patch(f"/runs/{run.id}/knobs", json={"r1.weight": 1})
    assert (answer.status_code, answer.json()["code"]) == (503, "log-full")
    assert asked(server, run.id) == []


def test_the_ledger_is_paged_by_requests(stack, until):
    run, _ = stack.training()
    for value in (1, 2, 3):
        stack.http.patch(f"/runs/{run.id}/knobs", json={"r1.weight": value, "auxiliary.weight": value})
    until(lambda: len(items(stack, run.id)) == 6)
    page = stack.get(f"/runs/{run.id}/ledger", limit=2)
    assert [(item["name"], item["new"]) for item in page["items"]] == [
        ("auxiliary.weight", 1), ("r1.weight", 1), ("auxiliary.weight", 2), ("r1.weight", 2),
    ]  # fmt: skip
    rest = stack.get(f"/runs/{run.id}/ledger", limit=2, after=page["next"])
    assert ([item["new"] for item in rest["items"]], rest["next"]) == ([3, 3], None)


def test_an_author_must_be_printable(server):
    run = server.create()
    for name in ("x" * 65, "tab\there"):
        answer = server.http.patch(f"/runs/{run.id}/knobs", json={"r1.weight": 1}, headers={"X-Modescope-Author": name})
        assert answer.status_code == 422
    assert asked(server, run.id) == []
