"""Real trainer processes that end in every way there is, on a real server that goes and comes back."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from contract import names
from contract.jobs import Change, Resume, TrainJob
from contract.spec import RunSpec
from tests.worker.saying import RUN, entries
from worker.outbox import replay_leftovers
from worker.store import Store, StoreAway
from worker.supervisor import Machine, supervise

pytestmark = pytest.mark.stack

TRAINER = (sys.executable, str(Path(__file__).with_name("standin_trainer.py")))
SPEC = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}}


def job(does: str, **more: Any) -> TrainJob:
    return TrainJob(**{"run": RUN, "name": does, "attempt": 1, "spec": RunSpec.model_validate(SPEC), **more})


class Stage:
    """A machine, the runs that it trains, and what became of them."""

    def __init__(self, valkey: Any, folder: Path, until: Any) -> None:
        self.valkey = valkey
        self.until = until
        self.starts_file = folder / "starts"
        self.store = Store(valkey.url)
        self.spool = folder / "spool"
        self.machine = Machine(self.store, TRAINER, self.spool, grace_s=0.5, lease_ms=1000, renew_s=0.1)
        self._threads: list[threading.Thread] = []
        self.set_attempt(1)

    def set_attempt(self, attempt: int) -> None:
        with self.valkey.client() as client:
            client.set(names.attempt_key(RUN), attempt)

    def train(self, does: str, environment: dict[str, str] | None = None, **more: Any) -> None:
        """Supervise to the end."""
        supervise(job(does, **more), self.machine, environment or {})

    def begin(self, does: str) -> threading.Thread:
        """Supervise in a thread, and wait until the trainer has begun."""
        thread = threading.Thread(target=self.train, args=(does,))
        thread.start()
        self._threads.append(thread)
        self.until(lambda: self.starts, 10)
        return thread

    @property
    def starts(self) -> list[dict[str, Any]]:
        """What each trainer noted when it began."""
        if not self.starts_file.exists():
            return []
        return [json.loads(line) for line in self.starts_file.read_text().splitlines()]

    @property
    def trainer(self) -> psutil.Process:
        return psutil.Process(self.starts[-1]["pid"])

    @property
    def said(self) -> list[dict[str, Any]]:
        """Bodies of the supervisor's events."""
        return [event.body for event, _ in entries(self.valkey) if event.source == "supervisor"]

    @property
    def statuses(self) -> list[str]:
        return [body["status"] for body in self.said]

    def lease(self) -> bytes | None:
        with self.valkey.client() as client:
            return client.get(names.lease_key(RUN))

    def set_lease(self, owner: str | None) -> None:
        with self.valkey.client() as client:
            client.set(names.lease_key(RUN), owner) if owner else client.delete(names.lease_key(RUN))

    def close(self) -> None:
        self.machine.stopping.set()
        for start in self.starts:
            if psutil.pid_exists(start["pid"]):
                os.kill(start["pid"], signal.SIGKILL)
        for thread in self._threads:
            thread.join(20)
        self.store.close()


@pytest.fixture
def stage(valkey: Any, tmp_path: Path, until: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    monkeypatch.setenv("STANDIN_STARTS", str(tmp_path / "starts"))
    monkeypatch.setenv("STANDIN_SPOOL", str(tmp_path / "spool"))
    monkeypatch.setenv("MODESCOPE_REDIS_URL", valkey.url)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)
    stage = Stage(valkey, tmp_path, until)
    yield stage
    stage.close()


def test_trainer_gets_the_whole_job_and_its_environment(stage: Stage) -> None:
    resume = Resume(ledger=[Change(step=3, name="r1.weight", value=2.5)], answered=["a"], paused=True)
    spec = RunSpec.model_validate(SPEC | {"regularisers": [{"name": "r1", "as": "penalty", "weight": 1}]})
    asked = job("exit 0", resume=resume, spec=spec)
    supervise(asked, stage.machine, {"CUDA_VISIBLE_DEVICES": "3", "OMP_NUM_THREADS": "2"})
    [start] = stage.starts
    assert TrainJob.model_validate(start["job"]) == asked
    assert start["environment"] == {
        "CUDA_VISIBLE_DEVICES": "3",
        "OMP_NUM_THREADS": "2",
        "MODESCOPE_THREADS": os.environ.get("MODESCOPE_THREADS"),
        "PYTHONUNBUFFERED": "1",
    }


@pytest.mark.parametrize("code", [0, 3, 4, 5])
def test_ending_that_the_trainer_has_told_itself_is_not_told_again(stage: Stage, code: int) -> None:
    stage.train(f"exit {code}")
    assert stage.statuses == ["starting"]
    assert stage.lease() is None
    assert not list(stage.spool.glob("*"))


@pytest.mark.parametrize("code", [1, 2, 6, 77])
def test_other_exit_code_is_a_failure_with_the_last_words(stage: Stage, code: int) -> None:
    stage.train(f"exit {code}")
    [_, failed] = stage.said
    assert failed == {
        "status": "failed",
        "reason": f"the trainer failed with exit code {code}: ZeroDivisionError: division by zero",
        "traceback": "Traceback …\nZeroDivisionError: division by zero\n",
    }
    assert stage.lease() is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SIGKILL", "the trainer was killed by SIGKILL; running out of memory is the usual cause"),
        ("SIGSEGV", "the trainer was killed by SIGSEGV"),
        ("SIGTERM", "the trainer was killed by SIGTERM"),
    ],
)
def test_trainer_killed_by_a_signal_is_lost_with_its_name(stage: Stage, name: str, reason: str) -> None:
    stage.train(f"die {name}")
    assert [(body["status"], body.get("reason")) for body in stage.said] == [("starting", None), ("lost", reason)]


def test_trainer_killed_from_outside_is_lost(stage: Stage) -> None:
    thread = stage.begin("wait")
    os.kill(stage.trainer.pid, signal.SIGKILL)
    thread.join(5)
    assert not thread.is_alive()
    assert stage.statuses == ["starting", "lost"]
    assert stage.lease() is None


def test_trainer_that_cannot_be_started_is_a_failure(stage: Stage) -> None:
    machine = Machine(stage.store, ["/nowhere/python"], stage.spool)
    supervise(job("wait"), machine, {})
    assert stage.statuses == ["starting", "failed"]
    assert stage.said[1]["reason"].startswith("the trainer could not be started: ")
    assert "/nowhere/python" in stage.said[1]["reason"]


def test_trainer_that_never_reads_its_job_is_a_failure_like_any_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_DEAF", "exit")
    stage.train("x" * 300_000)  # more than a pipe holds
    assert stage.statuses == ["starting", "failed"]
    assert stage.said[1]["reason"] == "the trainer failed with exit code 1: it said nothing"


def test_lease_is_renewed_while_the_trainer_does_not_read_its_job(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STANDIN_DEAF", "wait")
    thread = threading.Thread(target=stage.train, args=("x" * 300_000,))
    thread.start()
    stage.until(stage.lease)
    owner = stage.lease()
    time.sleep(1.5)  # longer than the lease: what is tested is that nothing happens
    assert stage.lease() == owner is not None
    stage.machine.stopping.set()
    thread.join(10)
    assert not thread.is_alive()


def test_message_that_comes_twice_at_once_trains_once(stage: Stage) -> None:
    thread = stage.begin("wait")
    stage.train("wait")
    assert len(stage.starts) == 1
    assert thread.is_alive()
    assert stage.statuses == ["starting"]


def test_message_that_comes_again_after_the_end_trains_nothing(stage: Stage) -> None:
    stage.train("exit 0")
    stage.train("exit 0")
    assert len(stage.starts) == 1
    assert stage.statuses == ["starting"]
    assert stage.lease() is None


@pytest.mark.parametrize("in_force", [0, 1, 3])
def test_attempt_that_is_not_in_force_does_nothing(stage: Stage, in_force: int) -> None:
    stage.set_attempt(in_force)
    stage.train("exit 0", attempt=2)
    assert (stage.starts, entries(stage.valkey), stage.lease()) == ([], [], None)


def test_run_that_another_holds_is_left_to_it(stage: Stage) -> None:
    stage.set_lease("1:other")
    stage.train("exit 0")
    assert (stage.starts, entries(stage.valkey), stage.lease()) == ([], [], b"1:other")


def test_worker_that_is_stopping_begins_nothing(stage: Stage) -> None:
    stage.machine.stopping.set()
    stage.train("exit 0")
    assert (stage.starts, entries(stage.valkey), stage.lease()) == ([], [], None)


def test_lease_is_renewed_while_the_trainer_lives(stage: Stage) -> None:
    stage.begin("wait")
    owner = stage.lease()
    time.sleep(1.5)  # longer than the lease: what is tested is that nothing happens
    assert stage.lease() == owner is not None
    assert owner.startswith(b"1:")


def test_lease_in_another_hand_ends_the_trainer_and_says_nothing(stage: Stage) -> None:
    thread = stage.begin("wait")
    trainer = stage.trainer
    stage.set_lease("1:other")
    thread.join(5)
    assert not thread.is_alive()
    assert not trainer.is_running()
    assert stage.statuses == ["starting"]
    assert stage.lease() == b"1:other"


def test_raised_attempt_ends_the_trainer_and_says_nothing(stage: Stage) -> None:
    thread = stage.begin("wait")
    trainer = stage.trainer
    stage.set_attempt(2)
    thread.join(5)
    assert not thread.is_alive()
    assert not trainer.is_running()
    assert stage.statuses == ["starting"]
    assert stage.lease() is None


def test_expired_lease_is_taken_back_and_the_trainer_goes_on(stage: Stage) -> None:
    thread = stage.begin("wait")
    owner = stage.lease()
    stage.set_lease(None)
    stage.until(lambda: stage.lease() == owner, 5)
    assert thread.is_alive()
    assert stage.trainer.is_running()


def test_trainer_goes_on_while_the_server_is_away(stage: Stage) -> None:
    thread = stage.begin("wait")
    owner, trainer = stage.lease(), stage.trainer
    stage.valkey.stop()
    time.sleep(1.5)  # longer than the lease: what is tested is that nothing happens
    assert trainer.is_running()
    stage.valkey.start()
    stage.until(lambda: stage.lease() == owner, 10)
    os.kill(trainer.pid, signal.SIGKILL)
    thread.join(10)
    assert stage.statuses == ["starting", "lost"]


def test_end_that_comes_while_the_server_is_away_is_told_when_it_is_back(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("worker.supervisor.SAY_S", 0.3)
    thread = stage.begin("wait")
    stage.valkey.stop()
    os.kill(stage.trainer.pid, signal.SIGKILL)
    thread.join(10)
    assert not thread.is_alive()
    stage.valkey.start()
    assert stage.statuses == ["starting"]
    replay_leftovers(stage.store, stage.spool, 5)
    assert stage.statuses == ["starting", "lost"]


def test_end_is_told_by_the_supervisor_itself_when_the_server_is_soon_back(stage: Stage) -> None:
    thread = stage.begin("wait")
    stage.valkey.stop()
    os.kill(stage.trainer.pid, signal.SIGKILL)
    stage.until(lambda: list(stage.spool.glob("*-supervisor.spool")))
    stage.valkey.start()
    thread.join(10)
    assert stage.statuses == ["starting", "lost"]
    assert list(stage.spool.glob("*")) == []


def test_server_that_is_away_at_first_trains_nothing_and_says_so(stage: Stage) -> None:
    stage.valkey.stop()
    with pytest.raises(StoreAway):
        stage.train("exit 0")
    assert stage.starts == []


def test_events_that_the_trainer_left_behind_come_before_its_end(stage: Stage) -> None:
    stage.train("leave-events")
    log = [(event.source, event.body.get("status") or event.body["message"]) for event, _ in entries(stage.valkey)]
    assert log == [
        ("supervisor", "starting"),
        ("trainer", "left behind"),
        ("trainer", "left behind"),
        ("supervisor", "lost"),
    ]
    assert list(stage.spool.glob("*")) == []


def test_stopping_worker_has_the_run_handed_back(stage: Stage) -> None:
    thread = stage.begin("hand-back")
    stage.machine.stopping.set()
    thread.join(5)
    assert not thread.is_alive()
    log = [(event.source, event.body["status"]) for event, _ in entries(stage.valkey)]
    assert log == [("supervisor", "starting"), ("trainer", "running"), ("trainer", "queued")]
    assert stage.lease() is None


def test_trainer_that_does_not_hand_back_in_time_is_killed_and_lost(stage: Stage) -> None:
    thread = stage.begin("ignore-sigterm")
    began = time.monotonic()
    stage.machine.stopping.set()
    thread.join(5)
    assert 0.5 <= time.monotonic() - began < 3
    assert stage.statuses == ["starting", "lost"]
    expected = "the trainer was killed: it did not hand back within 0.5 s of the worker's stopping"
    assert stage.said[1]["reason"] == expected


def test_a_run_whose_trainer_was_stopped_before_it_had_begun_waits_again(stage: Stage) -> None:
    thread = stage.begin("wait")  # the signal finds no handler, as in a trainer that still imports torch
    stage.machine.stopping.set()
    thread.join(5)
    assert stage.said[1] == {
        "status": "queued",
        "reason": "the worker stopped before the trainer had begun",
    }


def test_trainer_that_crashes_while_it_hands_back_is_lost_with_its_signal(stage: Stage) -> None:
    thread = stage.begin("crash-at-sigterm")
    stage.machine.stopping.set()
    thread.join(5)
    assert stage.said[1]["reason"] == "the trainer was killed by SIGSEGV"


def test_what_the_trainer_has_started_ends_with_it(stage: Stage) -> None:
    stage.train("parent")
    child = stage.starts[0]["child"]
    stage.until(lambda: not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE, 5)
    assert stage.statuses == ["starting"]


def test_every_line_that_the_trainer_prints_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "worker.trainer")
    stage.train("chat")
    lines = [record.getMessage() for record in caplog.records if record.name == "worker.trainer"]
    assert lines[-2:] == [f"{RUN}: first", f"{RUN}: last"]
    assert sum(line.count("x") for line in lines) == 100_000


def test_kept_output_is_bounded(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker.output.TAIL_BYTES", 10)
    stage.train("exit 1")
    assert stage.said[1]["traceback"] == "n by zero\n"


def test_killed_supervisor_takes_its_trainer_along(stage: Stage) -> None:
    supervisor = subprocess.Popen(
        [sys.executable, "-m", "tests.worker.standin_supervisor", stage.valkey.url, str(stage.spool)],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).parents[2],
    )
    assert supervisor.stdin is not None
    supervisor.stdin.write(job("wait").model_dump_json(by_alias=True).encode() + b"\n")
    supervisor.stdin.flush()
    stage.until(lambda: stage.starts, 20)
    trainer = stage.trainer
    supervisor.kill()
    supervisor.communicate()
    stage.until(lambda: not trainer.is_running(), 5)
    assert stage.statuses == ["starting"]
