"""Checkpoints over HTTP."""

import hashlib

import pytest

from contract.events import CheckpointWritten
from contract.names import checkpoint_name
from contract.runs import Checkpoint

pytestmark = pytest.mark.stack

CONTENT = bytes(range(256)) * 4096  # 1 MiB


@pytest.fixture
def run(stack):
    run, trainer = stack.training()
    for step in (10, 20):
        name = checkpoint_name(run.id, step, 1)
        path = stack.settings.data / "artefacts" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(CONTENT)
        removed = [checkpoint_name(run.id, 10, 1)] if step == 20 else []
        body = CheckpointWritten(
            name=name,
            sha256=hashlib.sha256(CONTENT).hexdigest(),
            size_bytes=len(CONTENT),
            reason="interval",
            removed=removed,
        )
        stack.recorded(trainer.say(body, step))
    return run


def test_the_list_has_those_that_are_there(stack, run):
    (found,) = [Checkpoint.model_validate(item) for item in stack.get(f"/runs/{run.id}/checkpoints")["items"]]
    assert (found.step, found.attempt, found.size_bytes, found.reason) == (20, 1, len(CONTENT), "interval")


def test_a_file_comes_whole(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/checkpoints/20/file", headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.content == CONTENT
    assert answer.headers["content-disposition"] == f'attachment; filename="{run.id}-20.safetensors"'
    assert (answer.headers["content-length"], "content-encoding" in answer.headers) == (str(len(CONTENT)), False)
    again = stack.http.get(answer.url.path.removeprefix("/api/v1"), headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


def test_one_that_was_replaced_is_gone_and_one_that_never_was_is_not_found(stack, run):
    replaced = stack.http.get(f"/runs/{run.id}/checkpoints/10/file")
    assert (replaced.status_code, replaced.json()["code"]) == (410, "checkpoint-replaced")
    never = stack.http.get(f"/runs/{run.id}/checkpoints/15/file")
    assert (never.status_code, never.json()["code"]) == (404, "no-such-checkpoint")
    assert "it has: 20" in never.json()["detail"]
