"""Forks over HTTP: a run that goes on from another one's checkpoint."""

import base64
import hashlib
import json

import pytest

from contract import names
from contract.events import CheckpointWritten, CommandAsked, KnobApplied, KnobAsked, KnobRequest, Points, RunStatus
from contract.names import checkpoint_name
from contract.runs import LedgerItem, Run

pytestmark = pytest.mark.stack

CONTENT = bytes(range(256)) * 64


def write_checkpoint(stack, trainer, step):
    name = checkpoint_name(trainer.run, step, 1)
    path = stack.settings.data / "artefacts" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(CONTENT)
    sha256 = hashlib.sha256(CONTENT).hexdigest()
    return trainer.say(CheckpointWritten(name=name, sha256=sha256, size_bytes=len(CONTENT), reason="interval"), step)


@pytest.fixture
def training(stack):
    return stack.training(overrides={"conditioning": {"weight": 2.0}})


@pytest.fixture
def parent(stack, training):
    """A run of 500 steps that has measured 300 of them and has a checkpoint of step 200."""
    run, trainer = training
    trainer.scalars(list(range(1, 301)), loss__d=[float(step) for step in range(1, 301)])
    stack.recorded(write_checkpoint(stack, trainer, 200))
    return run


def fork(stack, parent, **body):
    answer = stack.http.post(f"/runs/{parent.id}/forks", json={"checkpoint_step": 200, **body})
    assert answer.status_code == 201, answer.text
    return Run.model_validate(answer.json())


def refusal(stack, parent, **body):
    answer = stack.http.post(f"/runs/{parent.id}/forks", json={"checkpoint_step": 200, **body})
    return answer.status_code, answer.json()["code"], answer.json()["detail"]


def job(stack, run):
    """What the workers are sent for a run."""
    bodies = [json.loads(message)["body"] for message in stack.redis.lrange(names.QUEUE, 0, -1)]
    jobs = [json.loads(base64.b64decode(body))[1]["job"] for body in bodies]
    return next(job for job in jobs if job["run"] == run)


def test_a_fork_has_its_parents_spec_and_a_checkpoint_of_its_own(stack, parent):
    child = fork(stack, parent, name="what if")
    assert (child.name, child.parent, child.parent_step, child.step) == ("what if", parent.id, 200, 200)
    assert child.spec == parent.spec
    sent = job(stack, child.id)
    [reference] = sent["resume"]["checkpoints"]
    assert reference["name"].startswith(f"runs/{child.id}/")
    assert (stack.settings.data / "artefacts" / reference["name"]).read_bytes() == CONTENT
    assert [item["step"] for item in stack.get(f"/runs/{child.id}/checkpoints")["items"]] == [200]
    assert [run["id"] for run in stack.get(f"/runs/{parent.id}/forks")["items"]] == [child.id]


def test_its_curve_goes_on_from_its_parents(stack, parent):
    child = fork(stack, parent)
    trainer = stack.puppet(child.id)
    trainer.take_lease()
    trainer.begin(200, series=("loss.d",))
    stack.recorded(trainer.scalars([201, 202], loss__d=[-1.0, -2.0]))
    found = stack.get(f"/runs/{child.id}/series/loss.d", buckets=1000)
    assert found["steps"] == list(range(1, 203))
    assert found["last"][198:] == [199.0, 200.0, -1.0, -2.0]
    own = stack.get(f"/runs/{parent.id}/series/loss.d", buckets=1000)
    assert own["steps"] == list(range(1, 301))


def test_before_it_starts_a_fork_shows_its_parents_history_up_to_there(stack, parent):
    child = fork(stack, parent)
    [listed] = [item for item in stack.get(f"/runs/{child.id}/series")["items"] if item["name"] == "loss.d"]
    assert (listed["last_step"], listed["last"]) == (None, None), "what came after the fork is not its own"
    assert stack.get(f"/runs/{child.id}/series/loss.d", buckets=1000)["last"] == [float(step) for step in range(1, 201)]
    missing = stack.http.get(f"/runs/{child.id}/series/nosuch")
    assert (missing.status_code, "it has: loss.d" in missing.json()["detail"]) == (404, True)


def test_pictures_and_points_of_its_parent_are_its_own_up_to_the_fork(stack, training, parent):
    for step in (100, 250):
        cloud = Points(series="points", generated=[[float(step), 0.0]], real=[], extent=[0, 1, 0, 1])
        stack.recorded(training[1].say(cloud, step))
    child = fork(stack, parent)
    assert stack.get(f"/runs/{child.id}/series/points")["steps"] == [100]
    assert stack.get(f"/runs/{child.id}/series/points/100")["generated"] == [[100.0, 0.0]]
    assert stack.http.get(f"/runs/{child.id}/series/points/250").status_code == 404


def test_an_export_has_the_whole_history(stack, parent):
    child = fork(stack, parent)
    lines = stack.http.get(f"/runs/{child.id}/export").text.splitlines()
    assert (lines[0], lines[1], lines[-1]) == ("step,loss.d", "1,1.0", "200,200.0")


def test_knobs_and_overridden_knobs_are_in_force_from_its_first_step(stack, parent):
    overrides = {"conditioning": {"weight": 3.0}, "steps": 900}
    child = fork(stack, parent, knobs={"r1.weight": 0.5}, overrides=overrides)
    assert (child.steps, child.spec.conditioning.params["weight"]) == (900, 3.0)
    changes = {(change["step"], change["name"], change["value"]) for change in job(stack, child.id)["resume"]["ledger"]}
    assert changes == {(201, "auxiliary.weight", 3.0), (201, "r1.weight", 0.5)}
    items = [LedgerItem.model_validate(item) for item in stack.get(f"/runs/{child.id}/ledger")["items"]]
    assert {(item.name, item.old, item.new, item.outcome, item.step) for item in items} == {
        ("auxiliary.weight", 2.0, 3.0, "applied", 201),
        ("r1.weight", 10.0, 0.5, "applied", 201),
    }
    assert all(item.reason == f"fork of {parent.id} at step 200" for item in items)


def test_an_override_is_a_wish_also_where_the_spec_says_the_same(stack, training, parent):
    """The knob was turned to 5 meanwhile; who asks for 2 means 2, and not the 5 that the checkpoint has."""
    _, trainer = training
    knob = KnobRequest(name="auxiliary.weight", value=5.0, old=2.0)
    trainer.say(KnobAsked(request_id="k", author="ada", knobs=[knob]), 49)
    stack.recorded(trainer.say(KnobApplied(request_id="k", knobs=[knob]), 50))
    child = fork(stack, parent, overrides={"conditioning": {"weight": 2.0}})
    [item] = stack.get(f"/runs/{child.id}/ledger")["items"]
    assert (item["name"], item["old"], item["new"]) == ("auxiliary.weight", 5.0, 2.0)
    assert stack.get(f"/runs/{fork(stack, parent).id}/ledger")["items"] == []


def test_a_checkpoint_that_the_history_does_not_lead_to_cannot_be_forked(stack, training, parent):
    run, trainer = training
    stack.recorded(write_checkpoint(stack, trainer, 280))
    again = stack.puppet(run.id, attempt=2)
    stack.redis.set(names.attempt_key(run.id), 2)
    stack.recorded(again.begin(200))
    answer = stack.http.post(f"/runs/{run.id}/forks", json={"checkpoint_step": 280})
    assert (answer.status_code, answer.json()["code"]) == (410, "checkpoint-replaced")
    assert "of an attempt that was cut off" in answer.json()["detail"]


def test_the_same_key_makes_one_fork(stack, parent):
    headers = {"Idempotency-Key": "once"}
    answers = [
        stack.http.post(f"/runs/{parent.id}/forks", json={"checkpoint_step": 200}, headers=headers) for _ in range(2)
    ]
    assert {answer.json()["id"] for answer in answers} == {fork_["id"] for fork_ in forks(stack, parent)}
    other = stack.http.post(f"/runs/{parent.id}/forks", json={"checkpoint_step": 200, "name": "x"}, headers=headers)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency-key-reused")


def forks(stack, parent):
    return stack.get(f"/runs/{parent.id}/forks")["items"]


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"checkpoint_step": 150}, 404, "no-such-checkpoint", "has no checkpoint of step 150; it has: 200"),
        ({"overrides": {"steps": 200}}, 422, "invalid-spec", "steps: must be above 200"),
        ({"overrides": {"loss": {"name": "nosuch"}}}, 422, "invalid-spec", "no losses component called 'nosuch'"),
        ({"knobs": {"r1.weight": -1}}, 422, "invalid-knobs", "r1.weight must be a number from 0"),
        ({"knobs": {"nosuch": 1}}, 422, "invalid-knobs", "no knob called"),
        ({"checkpoint_step": "last"}, 422, "invalid-request", "checkpoint_step"),
    ],
)
def test_what_cannot_be_forked_is_refused_with_the_reason_and_leaves_nothing(stack, parent, body, status, code, words):
    found = refusal(stack, parent, **body)
    assert found[:2] == (status, code)
    assert words in found[2]
    assert forks(stack, parent) == []
    assert [path.name for path in (stack.settings.data / "artefacts" / "runs").iterdir()] == [parent.id]


def command(stack, parent, **params):
    return stack.http.post(f"/runs/{parent.id}/commands", json={"command": "rewind", "params": params})


def test_a_rewind_forks_the_run_and_stops_it_and_its_outcome_names_the_fork(stack, training, parent):
    accepted = command(stack, parent, knobs={"r1.weight": 0.5})
    assert accepted.status_code == 202, accepted.text
    [child] = forks(stack, parent)
    assert (child["parent_step"], child["status"]) == (200, "queued")
    assert [change["value"] for change in job(stack, child["id"])["resume"]["ledger"]] == [0.5]
    stack.until(lambda: len(stack.get(f"/runs/{parent.id}/ledger")["items"]) == 2)
    rewound, stop = [LedgerItem.model_validate(item) for item in stack.get(f"/runs/{parent.id}/ledger")["items"]]
    assert (rewound.name, rewound.outcome, rewound.request_id) == (
        "rewind", "applied", accepted.json()["request_id"],
    )  # fmt: skip
    assert (stop.name, stop.outcome, stop.reason) == ("stop", None, f"rewound into {child['id']}")
    events = stack.get(f"/runs/{parent.id}/events", kind="command.applied")["items"]
    assert events[0]["body"]["result"] == {"run": child["id"]}


@pytest.mark.parametrize(
    ("params", "status", "code", "words"),
    [
        ({"step": 150}, 404, "no-such-checkpoint", "has no checkpoint of step 150"),
        ({"step": -1}, 422, "invalid-request", "params.step: Input should be greater than or equal to 0"),
        ({"to": 200}, 422, "invalid-request", "params.to"),
        ({"knobs": {"r1.weight": -1}}, 422, "invalid-knobs", "r1.weight must be a number from 0"),
    ],
)
def test_a_rewind_that_cannot_be_leaves_the_run_alone(stack, parent, params, status, code, words):
    answer = command(stack, parent, **params)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert words in answer.json()["detail"]
    assert stack.get(f"/runs/{parent.id}/ledger")["items"] == []


def test_a_run_that_has_ended_is_forked_not_rewound(stack, training, parent):
    stack.recorded(training[1].say(RunStatus(status="finished"), 300))
    answer = command(stack, parent)
    assert (answer.status_code, answer.json()["code"]) == (409, "run-ended")
    assert "fork it instead" in answer.json()["detail"]


def test_a_run_without_a_checkpoint_cannot_be_rewound(stack):
    run, _ = stack.training()
    answer = command(stack, run)
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-checkpoint")


def test_a_run_whose_history_others_show_cannot_be_deleted_before_them(stack, training, parent):
    child = fork(stack, parent)
    stack.http.post(f"/runs/{child.id}/commands", json={"command": "stop"})
    stack.until(lambda: stack.run(child.id).status == "stopped")
    stack.recorded(training[1].say(RunStatus(status="stopped", reason="stopped by t"), 300))
    refused = stack.http.delete(f"/runs/{parent.id}")
    assert (refused.status_code, refused.json()["code"]) == (409, "has-forks")
    assert child.id in refused.json()["detail"]
    assert stack.http.delete(f"/runs/{child.id}").status_code == 204
    assert stack.http.delete(f"/runs/{parent.id}").status_code == 204


def asked_by_a_rule(trainer, step, request_id="r1", **params):
    body = CommandAsked(request_id=request_id, author="rule calm", reason="it fell", command="rewind", params=params)
    return trainer.say(body, step)


def rewind_of(stack, run):
    """The ledger's rewind, once it has its outcome."""

    def look():
        items = [LedgerItem.model_validate(item) for item in stack.get(f"/runs/{run}/ledger")["items"]]
        return next((item for item in items if item.name == "rewind" and item.outcome), None)

    stack.until(look)
    return look()


def test_a_rule_rewinds_its_run_to_a_checkpoint_that_is_old_enough(stack, training, parent):
    _, trainer = training
    stack.recorded(write_checkpoint(stack, trainer, 280))
    asked_by_a_rule(trainer, 300, before=250, knobs={"r1.weight": 0.5})
    assert rewind_of(stack, parent.id).outcome == "applied"
    [child] = forks(stack, parent)
    assert child["parent_step"] == 200
    [change] = job(stack, child["id"])["resume"]["ledger"]
    assert (change["name"], change["value"]) == ("r1.weight", 0.5)
    [item] = stack.get(f"/runs/{child['id']}/ledger")["items"]
    assert (item["author"], item["reason"]) == ("rule calm", "it fell")


def test_a_rules_rewind_without_an_old_enough_checkpoint_is_refused_in_the_ledger(stack, training, parent):
    asked_by_a_rule(training[1], 300, before=150, knobs={"r1.weight": 0.5})
    refused = rewind_of(stack, parent.id)
    assert refused.outcome == "refused"
    assert "no checkpoint of step 150 or before; it has: 200" in refused.outcome_reason
    assert forks(stack, parent) == []


def test_rules_do_not_rewind_for_ever(stack, training, parent):
    run, trainer = parent, training[1]
    for turn in range(4):
        asked_by_a_rule(trainer, 300, request_id=f"r{turn}", before=250, knobs={"r1.weight": 0.5})
        found = rewind_of(stack, run.id)
        if turn == 3:
            assert (found.outcome, found.outcome_reason) == (
                "refused", "3 rewinds led here, and it came again; the run stays paused",
            )  # fmt: skip
            return
        assert found.outcome == "applied"
        [child] = forks(stack, run)
        run, trainer = Run.model_validate(child), stack.puppet(child["id"])
        trainer.take_lease()
        trainer.begin(200)
