"""Retention over HTTP."""

import pytest

from contract.events import RunStatus

pytestmark = pytest.mark.stack


def test_settings_keep_everything_unless_they_say_otherwise(stack):
    nothing = {"runs": 0, "events": 0, "pictures": 0, "checkpoints": 0, "checkpoint_bytes": 0}
    assert stack.get("/retention") == {
        "keep": {"events": None, "pictures": None, "checkpoints": None}, "prunable": nothing,
    }  # fmt: skip


def test_a_preview_deletes_nothing_and_a_pruning_does(stack):
    run, trainer = stack.training()
    trainer.scalars([1, 2], loss__d=[1.0, 2.0])
    stack.recorded(trainer.say(RunStatus(status="finished"), 2))
    seen, again = (stack.http.post("/retention/preview", json={"events": 0}).json() for _ in range(2))
    assert seen == again
    assert stack.http.post("/retention/prune", json={"events": 0}).json() == seen
    assert stack.get(f"/runs/{run.id}/series/loss.d", buckets=10)["last"] == [1.0, 2.0]


@pytest.mark.parametrize("body", [{"events": -1}, {"everything": 3}, {"pictures": "soon"}])
def test_what_makes_no_sense_is_refused(stack, body):
    assert stack.http.post("/retention/prune", json=body).status_code == 422
