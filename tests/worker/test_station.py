"""One worker process without Celery: what it says of itself, and what becomes of jobs that go wrong."""

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from contract import names
from contract.components import Catalogue
from contract.runs import Slot, WorkerInfo
from tests.worker.saying import RUN, entries, numbers, said
from worker import station as module
from worker.settings import load
from worker.spool import Spool, spool_path
from worker.station import BadJob, Station
from worker.store import StoreAway

pytestmark = pytest.mark.stack

SPEC = {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}}
JOB = {"run": RUN, "attempt": 1, "spec": SPEC}


@pytest.fixture
def station(valkey: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Station]:
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    settings = load(redis_url=valkey.url, data=tmp_path, slots=1, threads=3)
    station = Station(settings, "celery@here", 1)
    yield station
    if station._heart.is_alive():
        station.end()
    station._store.close()


def worker_key(valkey: Any) -> WorkerInfo | None:
    with valkey.client() as client:
        text = client.get(f"{names.WORKERS}celery@here")
    return WorkerInfo.model_validate_json(text) if text else None


def test_worker_describes_itself(station: Station) -> None:
    info = station.describe()
    assert (info.name, info.pid, info.slots) == ("celery@here", os.getpid(), [Slot(device="cpu")])
    assert info.memory_total_bytes == psutil.virtual_memory().total
    assert 0.5 < info.memory_bytes / psutil.Process().memory_info().rss < 2
    assert 0 <= time.time() - info.seen_at < 5


def test_folders_are_made_at_start(station: Station, tmp_path: Path) -> None:
    assert (tmp_path / "spool").is_dir()
    assert (tmp_path / "cache").is_dir()


def test_begun_worker_announces_and_beats_until_it_ends(
    valkey: Any, station: Station, until: Callable[..., None]
) -> None:
    station.begin()
    until(lambda: worker_key(valkey))
    first = worker_key(valkey)
    until(lambda: worker_key(valkey).seen_at > first.seen_at)
    with valkey.client() as client:
        assert "hinge" in Catalogue.model_validate_json(client.get(names.CATALOGUE)).names("losses")
        assert 8_000 < client.pttl(f"{names.WORKERS}celery@here") <= 10_000
    station.end()
    assert worker_key(valkey) is None


def test_worker_that_ends_before_it_has_begun_ends_in_peace(valkey: Any, station: Station) -> None:
    station.end()
    assert worker_key(valkey) is None


def test_worker_that_starts_replaces_an_older_catalogue(valkey: Any, station: Station, until: Any) -> None:
    old = Catalogue(version="old", components=[])
    with valkey.client() as client:
        client.set(names.CATALOGUE, old.model_dump_json())
        station.begin()
        until(lambda: worker_key(valkey))
        assert Catalogue.model_validate_json(client.get(names.CATALOGUE)).version != "old"
        client.set(names.CATALOGUE, old.model_dump_json())  # from a worker that started later: it stays
        beat = worker_key(valkey).seen_at
        until(lambda: worker_key(valkey).seen_at > beat)
        assert Catalogue.model_validate_json(client.get(names.CATALOGUE)).version == "old"


def test_catalogue_that_is_gone_is_announced_again(valkey: Any, station: Station, until: Any) -> None:
    station.begin()
    until(lambda: worker_key(valkey))
    with valkey.client() as client:
        client.delete(names.CATALOGUE)
        until(lambda: client.exists(names.CATALOGUE))


def test_heart_goes_on_after_the_server_was_away(valkey: Any, station: Station, until: Any) -> None:
    station.begin()
    until(lambda: worker_key(valkey))
    valkey.stop()
    valkey.start()
    valkey.flush()
    until(lambda: worker_key(valkey))


def test_what_ended_trainers_left_behind_is_delivered(
    valkey: Any, station: Station, until: Any, tmp_path: Path
) -> None:
    spool = Spool(spool_path(tmp_path / "spool", "f00e", 1, "trainer"), most_bytes=9999)
    spool.append([(said(1, run="f00e"), None)])
    spool.close()
    station.begin()
    until(lambda: numbers(valkey) == [1])
    until(lambda: not list((tmp_path / "spool").iterdir()))


def test_worker_that_does_not_hear_ends(
    valkey: Any, station: Station, until: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    exits: list[int] = []
    monkeypatch.setattr(os, "_exit", exits.append)
    station.begin()
    until(lambda: worker_key(valkey))
    assert exits == []
    with valkey.client() as client:
        client.rpush(names.QUEUE, "a message")
    until(lambda: exits, 20)
    assert exits[0] == 75


def test_job_that_is_none_is_refused_with_what_is_wrong(valkey: Any, station: Station) -> None:
    with pytest.raises(BadJob, match="no job: attempt: Field required"):
        station.train({"run": RUN, "spec": SPEC})
    assert entries(valkey) == []


def test_supervisor_that_breaks_is_a_failed_run_with_the_traceback(
    valkey: Any, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr(module, "supervise", breaks)
    station.train(JOB)
    [(event, _)] = entries(valkey)
    assert (event.source, event.kind, event.seq) == ("supervisor", "run.status", 1)
    assert event.body["status"] == "failed"
    assert event.body["reason"] == "the supervisor failed: ZeroDivisionError: by zero"
    assert "in breaks" in event.body["traceback"]
    assert station.describe().slots == [Slot(device="cpu")]


def test_run_that_could_not_begin_is_left_to_the_api(
    valkey: Any, station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object) -> None:
        raise StoreAway(ConnectionError("no"))

    monkeypatch.setattr(module, "supervise", away)
    station.train(JOB)
    assert entries(valkey) == []


def test_trainer_is_told_its_threads_and_the_slot_tells_its_run(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(module, "supervise", lambda job, _, env: seen.append((job.run, env, station.describe().slots)))
    station.train(JOB)
    [(run, environment, slots)] = seen
    assert run == RUN
    assert slots == [Slot(device="cpu", run=RUN)]
    assert environment == {
        "MODESCOPE_THREADS": "3",
        "OMP_NUM_THREADS": "3",
        "MKL_NUM_THREADS": "3",
        "OPENBLAS_NUM_THREADS": "3",
        "OMP_WAIT_POLICY": "PASSIVE",
    }


def test_stop_can_be_said_inside_a_signal_handler(station: Station) -> None:
    before = signal.signal(signal.SIGUSR1, lambda *_: station.stop())
    try:
        with threading.Lock():
            signal.raise_signal(signal.SIGUSR1)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert station._machine.stopping.is_set()
