"""A real Celery worker on a real server: takes a task by name, hands back when told to stop, outlives trouble."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from contract import names
from contract.components import Catalogue
from contract.runs import WorkerInfo
from tests.worker.saying import entries

pytestmark = pytest.mark.stack

ROOT = Path(__file__).parents[2]
SPEC = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}}
CELERY = ("-m", "celery", "-A", "tests.worker.standin_app", "worker", "--pool=threads", "-c", "1", "--loglevel=INFO")
OWN = ("-m", "tests.worker.standin_app", "-n", "mine@%h")
STARTS_WITHIN_S = 60


class Worker:
    """A worker process, and what the server knows of it."""

    def __init__(self, valkey: Any, folder: Path, command: tuple[str, ...], **environment: str) -> None:
        self.valkey = valkey
        self.log = folder / "worker.log"
        self.starts = folder / "starts"
        ours = {
            "MODESCOPE_REDIS_URL": valkey.url,
            "MODESCOPE_DATA": str(folder / "data"),
            "MODESCOPE_SLOTS": "1",
            "MODESCOPE_THREADS": "3",
            "STANDIN_STARTS": str(self.starts),
            "PYTHONPATH": str(ROOT),
        }
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command], cwd=ROOT, env={**os.environ, **ours, **environment}, stdout=log, stderr=log
            )

    def get(self, key: str) -> bytes | None:
        with self.valkey.client() as client:
            return client.get(key)

    def info(self) -> WorkerInfo | None:
        """What the worker says of itself."""
        with self.valkey.client() as client:
            keys = client.keys(f"{names.WORKERS}*")
            return WorkerInfo.model_validate_json(client.get(keys[0])) if keys else None

    def send(self, run: str, does: str) -> None:
        """As the api does: by name, to the one queue."""
        with self.valkey.client() as client:
            client.set(names.attempt_key(run), 1)
        job = {"run": run, "attempt": 1, "name": does, "spec": SPEC}
        self.send_message({"job": job}, names.task_id(run, 1))

    def send_message(self, kwargs: dict[str, Any], task_id: str) -> None:
        with Celery(broker=self.valkey.url) as app:
            app.send_task(names.TRAIN_TASK, kwargs=kwargs, queue=names.QUEUE, task_id=task_id)

    def queued(self) -> list[str]:
        """Ids of the messages that nobody has taken, and of those taken but not acknowledged."""
        with self.valkey.client() as client:
            waiting = [json.loads(text)["headers"]["id"] for text in client.lrange(names.QUEUE, 0, -1)]
            return waiting + [f"unacknowledged {tag}" for tag in client.hkeys("unacked")]

    def said(self, run: str) -> list[tuple[str, str]]:
        return [(event.source, event.body["status"]) for event, _ in entries(self.valkey) if event.run == run]

    def ended(self) -> int:
        """Exit code, once it has one."""
        return self.process.wait(STARTS_WITHIN_S)


@pytest.fixture
def start(valkey: Any, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    workers: list[Worker] = []

    def start(command: tuple[str, ...], **environment: str) -> Worker:
        workers.append(Worker(valkey, tmp_path, command, **environment))
        return workers[-1]

    yield start
    for worker in workers:
        worker.process.kill()
        worker.process.wait()


def test_worker_trains_what_it_is_sent_and_hands_it_back_when_told_to_stop(start: Any, until: Any) -> None:
    worker = start(CELERY)
    until(lambda: worker.get(names.CATALOGUE) and worker.info(), STARTS_WITHIN_S)
    catalogue = Catalogue.model_validate_json(worker.get(names.CATALOGUE) or b"")
    assert "hinge" in catalogue.names("losses")
    worker.send("run1", "hand-back")
    worker.send("run2", "hand-back")
    until(lambda: worker.said("run1") == [("supervisor", "starting"), ("trainer", "running")])
    until(lambda: worker.info().slots[0].run == "run1")
    assert (worker.info().pid, worker.info().slots[0].device) == (worker.process.pid, "cpu")
    assert worker.queued() == ["run2:1"]  # it waits where any other worker can take it
    environment = json.loads(worker.starts.read_text())["environment"]
    assert (environment["OMP_NUM_THREADS"], environment["MODESCOPE_THREADS"]) == ("3", "3")
    began = time.monotonic()
    worker.process.send_signal(signal.SIGTERM)
    assert worker.ended() == 0
    assert time.monotonic() - began < 30
    assert worker.said("run1")[2:] == [("trainer", "queued")]
    assert worker.said("run2") == []
    assert worker.queued() == ["run2:1"]
    assert worker.get(names.lease_key("run1")) is None
    assert worker.info() is None
    assert worker.get(names.CATALOGUE) is not None


def test_worker_outlives_nonsense_and_a_server_that_goes_and_forgets(start: Any, valkey: Any, until: Any) -> None:
    worker = start(OWN)
    until(worker.info, STARTS_WITHIN_S)
    worker.send_message({"job": {"run": "x"}}, "nonsense")
    worker.send_message({"colour": "red"}, "worse")
    worker.send("run1", "exit 0")
    until(lambda: worker.said("run1") == [("supervisor", "starting")])
    valkey.kill()
    valkey.start()
    valkey.flush()
    until(lambda: worker.get(names.CATALOGUE) and worker.info(), 20)
    assert worker.info().name.startswith("mine@")
    worker.send("run2", "exit 1")
    until(lambda: worker.said("run2") == [("supervisor", "starting"), ("supervisor", "failed")], 30)
    assert "no job: " in worker.log.read_text()
    worker.process.send_signal(signal.SIGTERM)
    assert worker.ended() == 0


@pytest.mark.parametrize(
    ("more", "environment", "message"),
    [
        ((), {"MODESCOPE_ARTEFACTS_URL": "file:///dev/null/x"}, "cannot write to file:///dev/null/x"),
        ((), {"MODESCOPE_PLUGINS": "no_such_package"}, "No module named 'no_such_package'"),
        (("--pool=solo",), {}, "start the worker with --pool=threads"),
    ],
)
def test_worker_that_could_not_train_does_not_start_and_says_why(
    start: Any, more: tuple[str, ...], environment: dict[str, str], message: str
) -> None:
    worker = start((*OWN, *more), **environment)
    assert worker.ended() == 1
    assert "this worker cannot start: " in worker.log.read_text()
    assert message in worker.log.read_text().splitlines()[-1]
    assert worker.get(names.CATALOGUE) is None


def test_bad_setting_is_said_by_name(start: Any) -> None:
    worker = start(OWN, MODESCOPE_SLOTS="many")
    assert worker.ended() == 1
    assert "BadSettings: MODESCOPE_SLOTS: Input should be a valid integer" in worker.log.read_text().splitlines()[-1]
