"""One worker process: its slots, what trains in them, and how it says so.

Built once, when the Celery worker starts; the task hands it jobs, the heartbeat tells everybody what it does.
"""

import logging
import os
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psutil
from pydantic import ValidationError

from contract.components import Catalogue
from contract.events import Envelope, RunStatus
from contract.jobs import TrainJob
from contract.runs import WorkerInfo
from worker import devices
from worker.artefacts import Artefacts
from worker.catalogue import build_catalogue
from worker.devices import Slots
from worker.listening import Listening
from worker.outbox import replay_leftovers
from worker.recipe_pictures import keep_pictures
from worker.registry import in_words
from worker.settings import Settings
from worker.store import Store, StoreAway
from worker.supervisor import Machine, supervise

TRAINER = (sys.executable, "-m", "worker.trainer")
DEAF = 75
"""Exit code of a worker that takes no work any more (EX_TEMPFAIL)."""
BEAT_S = 2.0
HEARTBEAT_TTL_S = 10.0
LEFTOVERS_S = 1.0
"""Time for each leftover spool, a beat."""

_log = logging.getLogger(__name__)


class BadJob(ValueError):
    """A message that is no job."""


@dataclass(frozen=True)
class Started:
    """Who this worker is."""

    name: str
    at: float
    catalogue: Catalogue


class Station:
    """The worker of one process."""

    def __init__(self, settings: Settings, name: str, n_slots: int) -> None:
        """Look at everything that can be wrong before the first job comes.

        Args:
            settings: of this worker.
            name: unique among all workers: Celery's node name.
            n_slots: threads of the pool.

        Raises:
            BadComponent: if a component's file does not keep to the rules.
            BadRecipe: if a recipe cannot run.
            ArtefactsUnusable: if checkpoints could not be kept.
            OSError: if the data folder cannot be written.
        """
        self._settings = settings
        self._started = Started(name, time.time(), build_catalogue())
        artefacts = Artefacts(settings.artefacts_url)
        artefacts.check_writable()
        keep_pictures(self._started.catalogue, artefacts)
        settings.spool.mkdir(parents=True, exist_ok=True)
        settings.cache.mkdir(parents=True, exist_ok=True)
        self._slots = Slots(n_slots, devices.gpus())
        self._store = Store(settings.redis_url)
        self._machine = Machine(self._store, TRAINER, settings.spool, most_spool_bytes=settings.spool_bytes)
        self._heart = threading.Thread(target=self._beat_until_stopped, name="heartbeat", daemon=True)
        self._ended = threading.Event()
        self._listening = Listening()

    def begin(self) -> None:
        """Announce what this worker can run, and begin to beat."""
        self._heart.start()

    def train(self, message: dict[str, Any]) -> None:  # Any: the JSON of a TrainJob
        """Have one attempt trained; returns when that has ended, however it did.

        Raises:
            BadJob: if the message is no job; then there is no run that could be told.
        """
        self._listening.heard()
        try:
            job = TrainJob.model_validate(message)
        except ValidationError as error:
            raise BadJob(f"no job: {in_words(error)}") from error
        try:
            with self._slots.take(job.run) as place:
                supervise(job, self._machine, {**place.environment, **self._threads()})
        except StoreAway as away:
            _log.warning("run %s: not begun, the api sends it again: %s", job.run, away)
        except Exception as error:  # noqa: BLE001  # the task's border: it becomes the run's own event
            _log.exception("run %s: the supervisor failed", job.run)
            self._say_failed(job, error)

    def stop(self) -> None:
        """Have every trainer hand its run back. Safe in a signal handler."""
        self._machine.stopping.set()

    def end(self) -> None:
        """Stop beating and say farewell."""
        self._ended.set()
        if self._heart.is_alive():
            self._heart.join(BEAT_S * 2)
        with suppress(StoreAway):
            self._store.farewell(self._started.name)

    def describe(self) -> WorkerInfo:
        """This worker now."""
        return WorkerInfo(
            name=self._started.name,
            host=socket.gethostname(),
            pid=os.getpid(),
            version=self._started.catalogue.version,
            slots=self._slots.describe(),
            memory_bytes=_memory_bytes(),
            memory_total_bytes=psutil.virtual_memory().total,
            started_at=self._started.at,
            seen_at=time.time(),
        )

    def _threads(self) -> dict[str, str]:
        threads = str(self._settings.threads)
        names = ("MODESCOPE_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        # A thread that spins while it waits for another takes the core which that one needs (measured: 5 times slower).
        return {**dict.fromkeys(names, threads), "OMP_WAIT_POLICY": "PASSIVE"}

    def _beat_until_stopped(self) -> None:
        announced = False
        while not self._ended.is_set():
            try:
                announced = self._beat(announced=announced)
            except StoreAway as away:
                _log.warning("no heartbeat: %s", away)
            except Exception:  # noqa: BLE001  # a worker that cannot say that it lives must live on
                _log.exception("a heartbeat failed")
            self._ended.wait(BEAT_S)

    def _beat(self, *, announced: bool) -> bool:
        """Say that it lives, and what it has when nobody knows; deliver what ended trainers have left behind."""
        if not announced or not self._store.announced():
            self._store.announce(self._started.catalogue)
        self._store.heartbeat(self.describe(), HEARTBEAT_TTL_S)
        replay_leftovers(self._store, self._settings.spool, LEFTOVERS_S)
        if self._listening.is_deaf(n_waiting=self._store.waiting(), n_in_use=self._slots.n_in_use):
            _log.critical("runs wait, this worker is idle and Celery takes none: ending, to be started again")
            os._exit(DEAF)
        return True

    def _say_failed(self, job: TrainJob, error: Exception) -> None:
        reason = f"the supervisor failed: {type(error).__name__}: {error}"
        body = RunStatus(status="failed", reason=reason, traceback=traceback.format_exc())
        event = Envelope(
            run=job.run,
            attempt=job.attempt,
            source="supervisor",
            seq=0,
            time=time.time(),
            kind=body.kind,
            body=body.model_dump(mode="json", exclude_none=True),
        )
        with suppress(StoreAway):
            self._store.append(event)


def _memory_bytes() -> int:
    """Resident memory of this process and its trainers; pages that they share count for each."""
    worker = psutil.Process()
    total = 0
    for process in (worker, *worker.children(recursive=True)):
        with suppress(psutil.Error):  # it has just ended
            total += process.memory_info().rss
    return total
