"""Twins over HTTP: from the checkpoint before a change, with everything that was asked but that."""

import pytest

from contract.events import KnobApplied, KnobAsked, KnobRequest
from tests.api.routes.test_forks import job, write_checkpoint

pytestmark = pytest.mark.stack


def change(trainer, request, step, *knobs):
    asked = [KnobRequest(name=name, value=to, old=0.0, **way) for name, to, way in knobs]
    trainer.say(KnobAsked(request_id=request, author="ada", reason="try it", knobs=asked), step - 1)
    return trainer.say(KnobApplied(request_id=request, knobs=asked, latency_ms=1.0), step)


@pytest.fixture
def steered(stack):
    """A run of 300 steps with checkpoints of 100 and 200 and changes at 90, 150 and 250."""
    run, trainer = stack.training()
    trainer.scalars(list(range(1, 301)), loss__d=[float(step) for step in range(1, 301)])
    change(trainer, "first", 90, ("r1.weight", 1.0, {}))
    write_checkpoint(stack, trainer, 100)
    change(trainer, "second", 150, ("r1.weight", 2.0, {"over": 20}))
    write_checkpoint(stack, trainer, 200)
    stack.recorded(change(trainer, "third", 250, ("r1.weight", 3.0, {}), ("optimiser.d.lr", 1e-3, {})))
    return run


def twins(stack, run, request, **more):
    return stack.http.post(f"/runs/{run.id}/twins", json={"request_id": request, **more})


def test_a_twin_does_everything_but_the_change(stack, steered):
    made = twins(stack, steered, "second").json()
    assert made["change_step"] == 150
    twin = made["twin"]
    assert (twin["parent"], twin["parent_step"], twin["left_out"]) == (steered.id, 100, "second")
    assert [(each["step"], each["knobs"], each["reason"]) for each in twin["spec"]["plan"]] == [
        (250, {"r1.weight": 3.0, "optimiser.d.lr": 1e-3}, "try it")
    ]
    assert twin["spec"]["seed"] == steered.spec.seed
    assert [run["spec"]["seed"] - steered.spec.seed for run in made["noise"]] == [1, 2]
    assert {run["left_out"] for run in made["noise"]} == {"second"}
    assert job(stack, twin["id"])["resume"]["checkpoints"][0]["step"] == 100


def test_asked_again_they_are_the_same(stack, steered):
    one, other = (twins(stack, steered, "third", noise=1).json() for _ in range(2))
    assert one["twin"]["id"] == other["twin"]["id"]
    assert one["twin"]["parent_step"] == 200
    assert len(stack.get(f"/runs/{steered.id}/forks")["items"]) == 2


def test_without_a_checkpoint_it_begins_where_the_run_began(stack, steered):
    twin = twins(stack, steered, "first", noise=0).json()["twin"]
    assert (twin["parent"], twin["parent_step"], twin["step"]) == (steered.id, 0, 0)
    assert [each["step"] for each in twin["spec"]["plan"]] == [150, 250]
    assert job(stack, twin["id"])["resume"]["checkpoints"] == []
    trainer = stack.puppet(twin["id"])
    trainer.take_lease()
    trainer.begin(0, series=("loss.d",))
    stack.recorded(trainer.scalars([1, 2], loss__d=[-1.0, -2.0]))
    assert stack.get(f"/runs/{twin['id']}/series/loss.d", buckets=10)["last"] == [-1.0, -2.0]
    refused = stack.http.post(f"/runs/{twin['id']}/forks", json={"checkpoint_step": 0})
    assert refused.json()["code"] == "no-such-checkpoint", "a fork's beginning is a checkpoint"


@pytest.mark.parametrize(
    ("request_id", "code", "words"),
    [
        ("nobody", "no-such-change", "was changed by request nobody; changes of it: first, second, third"),
    ],
)
def test_what_cannot_be_left_out_is_said(stack, steered, request_id, code, words):
    answer = twins(stack, steered, request_id)
    assert (answer.status_code, answer.json()["code"]) == (404, code)
    assert words in answer.json()["detail"]
    assert stack.get(f"/runs/{steered.id}/forks")["items"] == []
