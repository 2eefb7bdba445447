"""The trainer as a real process on a real Redis: how it ends, and what it has said by then."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from contract import names
from contract.events import CommandAsked, Envelope, from_fields, to_fields
from worker import exits

pytestmark = [pytest.mark.stack]

SPEC = {
    "dataset": {"name": "origin"},
    "network": {"name": "dirac"},
    "loss": {"name": "wasserstein"},
    "optimisers": {"G": {"name": "sgd"}, "D": {"name": "sgd"}},
    "steps": 200,
    "batch": 4,
    "monitors": [],
}
ENDLESS = {**SPEC, "steps": 1_000_000_000}


class Process:
    """`python -m worker.trainer` with its supervisor's end of the pipe in our hand."""

    def __init__(self, valkey, folder, spec, **job):
        env = {**os.environ, "MODESCOPE_REDIS_URL": valkey.url, "MODESCOPE_DATA": str(folder)}
        self.valkey = valkey
        with valkey.client() as client:
            client.set(names.attempt_key("r"), 1)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "worker.trainer"],
            env={**env, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        line = json.dumps({"job": {"run": "r", "attempt": 1, "spec": spec, **job}})
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def events(self):
        with self.valkey.client() as client:
            return [from_fields(entry.decode(), fields) for entry, fields in client.xrange(names.EVENTS)]

    def statuses(self):
        return [event.body["status"] for event in self.events() if event.kind == "run.status"]

    def until(self, condition, what):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            if condition():
                return
            assert self.process.poll() is None, self.events()
            time.sleep(0.05)
        raise AssertionError(f"not in time: {what}")

    def end(self):
        return self.process.wait(timeout=60)


@pytest.fixture
def start(valkey, tmp_path):
    started = []

    def start(spec, **job):
        started.append(Process(valkey, tmp_path, spec, **job))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.process.stdin.close()


def test_a_run_ends_in_order_and_everything_it_measured_is_in_the_log(start):
    trainer = start(SPEC)
    assert trainer.end() == exits.DONE
    assert trainer.statuses() == ["running", "finished"]
    events = trainer.events()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    groups = [group for event in events if event.kind == "scalars" for group in event.body["groups"]]
    steps = [step for group in groups if "loss.d" in group["values"] for step in group["steps"]]
    assert steps == list(range(1, 201))


def test_sigterm_writes_a_checkpoint_and_hands_the_run_back(start, tmp_path):
    trainer = start(ENDLESS)
    trainer.until(lambda: trainer.statuses() == ["running"], "running")
    trainer.process.send_signal(signal.SIGTERM)
    assert trainer.end() == exits.HANDED_BACK
    assert trainer.statuses() == ["running", "queued"]
    [written] = [event for event in trainer.events() if event.kind == "checkpoint.written"]
    assert written.body["reason"] == "hand-back"
    assert (tmp_path / "artefacts" / written.body["name"]).stat().st_size == written.body["size_bytes"]


def test_it_ends_at_once_when_its_supervisor_is_gone(start):
    trainer = start(ENDLESS)
    trainer.until(lambda: trainer.statuses() == ["running"], "running")
    trainer.process.stdin.close()
    assert trainer.end() == exits.ORPHANED


def test_it_ends_when_a_higher_attempt_is_in_force(start, valkey):
    trainer = start(ENDLESS)
    trainer.until(lambda: trainer.statuses() == ["running"], "running")
    with valkey.client() as client:
        client.set(names.attempt_key("r"), 2)
    assert trainer.end() == exits.FENCED
    assert trainer.statuses() == ["running"]


def test_a_spec_that_cannot_run_fails_with_words_and_without_a_traceback(start):
    trainer = start({**SPEC, "loss": {"name": "nosuch"}})
    assert trainer.end() == exits.FAILED
    [event] = trainer.events()
    assert event.body["status"] == "failed"
    assert "no losses component called 'nosuch'; known:" in event.body["reason"]
    assert event.body["traceback"] is None


def test_what_a_part_refuses_before_the_first_step_is_said_in_its_words_alone(start):
    part = {"name": "spectral_regularisation", "i": 900, "layers": "all"}
    points = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}}
    trainer = start({**SPEC, **points, "regularisers": [part]})
    assert trainer.end() == exits.FAILED
    [event] = trainer.events()
    assert event.body["reason"].startswith("spectral_regularisation: i = 900: it must be at most")


def test_a_command_from_the_stream_is_obeyed_and_answered(start, valkey):
    trainer = start(ENDLESS)
    trainer.until(lambda: trainer.statuses() == ["running"], "running")
    asked = CommandAsked(request_id="q", author="ada", command="stop").model_dump()
    event = Envelope(run="r", attempt=1, source="api", seq=1, time=time.time(), kind="command.asked", body=asked)
    with valkey.client() as client:
        client.xadd(names.commands_key("r"), {**to_fields(event), "seq": b"1"})
    assert trainer.end() == exits.DONE
    assert trainer.statuses() == ["running", "stopped"]
    [answer] = [event for event in trainer.events() if event.kind == "command.applied"]
    assert answer.body["request_id"] == "q"
