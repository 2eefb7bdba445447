"""The trainer process: `python -m worker.trainer`, spawned by the supervisor for one attempt of one run.

Its standard input carries the job as one JSON line and is then held open: when it closes, the supervisor is
gone, and this process ends at once. SIGTERM means: write a checkpoint, hand the run back, end.
"""

import logging
import os
import signal
import sys
import threading
import traceback
from collections import deque
from types import FrameType

import torch

from contract.components import UnknownComponent
from contract.events import CommandAsked, Envelope, KnobAsked, RunStatus
from contract.jobs import TrainJob
from contract.needs import facts
from contract.numbers import loads
from contract.resolve import InvalidSpec, resolve
from worker import exits
from worker.artefacts import Artefacts
from worker.catalogue import build_catalogue
from worker.datasets import DatasetUnavailable
from worker.networks import UnfitNetwork
from worker.outbox import Fenced, Outbox
from worker.registry import InvalidParams
from worker.settings import Settings
from worker.spool import spool_path
from worker.store import Store, StoreAway
from worker.training.attempt import HANDED_BACK, Attempt, Machine
from worker.training.checkpoint import CorruptCheckpoint
from worker.training.control import Request
from worker.training.knob_board import RefusedKnob
from worker.training.reporter import LogReporter

log = logging.getLogger(__name__)
EXPLAINED = (
    InvalidSpec,
    InvalidParams,
    UnknownComponent,
    UnfitNetwork,
    DatasetUnavailable,
    CorruptCheckpoint,
    RefusedKnob,
)
"""Errors whose message is meant for the person who launched the run; a traceback would only bury it."""
FLUSH_S = 20.0


class HandedBack(BaseException):
    """SIGTERM came before the loop had begun; no library's `except Exception` may swallow it."""


class CommandFeed:
    """The run's stream of requests, read by a thread so that the loop never waits for the network."""

    RETRY_S = 0.5
    BLOCK_MS = 500

    def __init__(self, store: Store, run: str, answered: list[str]) -> None:
        self._store = store
        self._run = run
        self._answered = set(answered)
        self._waiting: deque[Request] = deque()
        self._arrived = threading.Event()
        threading.Thread(target=self._read, name="commands", daemon=True).start()

    def take(self) -> list[Request]:
        """Everything that has come since the last call."""
        self._arrived.clear()
        return [self._waiting.popleft() for _ in range(len(self._waiting))]

    def wait(self, timeout_s: float) -> None:
        """Return when something has come, or after the time."""
        self._arrived.wait(timeout_s)

    def _read(self) -> None:
        after = "0"
        while True:
            try:
                entries = self._store.commands(self._run, after, self.BLOCK_MS)
            except StoreAway as error:  # requests wait in Redis, and the run goes on
                log.warning("cannot read commands, trying again: %s", error)
                threading.Event().wait(self.RETRY_S)
                continue
            after = entries[-1][0] if entries else after
            for entry, event in entries:
                self._hear(entry, event)

    def _hear(self, entry: str, event: Envelope) -> None:
        try:
            body = event.typed()
        except (KeyError, ValueError) as error:  # a newer api may know requests that we do not
            log.warning("request %s cannot be read and stays unanswered: %s", entry, error)
            return
        if isinstance(body, KnobAsked | CommandAsked) and body.request_id not in self._answered:
            self._answered.add(body.request_id)
            self._waiting.append(Request(body, event.time))
            self._arrived.set()


class Trainer:
    """One process's work: from the job to an exit code."""

    def __init__(self, job: TrainJob, settings: Settings) -> None:
        self._job = job
        self._settings = settings
        self._store = Store(settings.redis_url)
        spool = spool_path(settings.spool, job.run, job.attempt, "trainer")
        self._outbox = Outbox(self._store, spool, most_spool_bytes=settings.spool_bytes)
        self._reporter = LogReporter(job.run, job.attempt, self._outbox, self._cannot_report)
        self._attempt: Attempt | None = None
        signal.signal(signal.SIGTERM, self._on_sigterm)

    def run(self) -> int:
        """Train, and say how it ended; the exit code is one of `worker.exits`."""
        try:
            self._attempt = self._prepare()
            ending = self._attempt.run()
            code = exits.HANDED_BACK if ending == "hand-back" else exits.DONE
        except HandedBack:
            self._reporter.say(0, RunStatus(status="queued", reason=HANDED_BACK))
            code = exits.HANDED_BACK
        except EXPLAINED as error:
            self._reporter.say(0, RunStatus(status="failed", reason=str(error)))
            code = exits.FAILED
        except Exception as error:  # noqa: BLE001  # the process's border: it becomes the run's own event
            # What a part refuses before the first step it says in words for people; the class's name adds nothing.
            is_refusal = isinstance(error, ValueError) and self._attempt is None
            reason = str(error) if is_refusal else f"{type(error).__name__}: {error}"
            self._reporter.say(0, RunStatus(status="failed", reason=reason, traceback=traceback.format_exc()))
            code = exits.FAILED
        self._reporter.close()
        self._outbox.flush(FLUSH_S)
        return code

    def _prepare(self) -> Attempt:
        settings, job = self._settings, self._job
        repeatable()
        catalogue = build_catalogue()
        job = job.model_copy(update={"spec": resolve(job.spec, catalogue)})
        # Points: a second thread only waits (measured: 1 thread 12 ms a step, 2 threads 19 to 220 on a busy machine).
        is_image = facts(job.spec, catalogue).get("sample") == "image"
        torch.set_num_threads(settings.threads if is_image else 1)
        machine = Machine(
            cache=settings.cache,
            store=Artefacts(settings.artefacts_url),
            checkpoint_s=settings.checkpoint_s,
            checkpoint_keep=settings.checkpoint_keep,
        )
        feed = CommandFeed(self._store, job.run, job.resume.answered if job.resume else [])
        return Attempt(job, machine, self._reporter, feed)

    def _on_sigterm(self, signum: int, frame: FrameType | None) -> None:
        if self._attempt is None:
            raise HandedBack
        self._attempt.control.hand_back()

    def _cannot_report(self, error: Exception) -> None:
        """Called from the reporter's thread: without a log there is no run."""
        if isinstance(error, Fenced):
            log.warning("attempt %d of run %s is fenced: %s", self._job.attempt, self._job.run, error)
            os._exit(exits.FENCED)
        log.exception("the reporter failed", exc_info=error)
        os._exit(exits.BROKEN)


def repeatable() -> None:
    """The same numbers again on a GPU, and float32 as float32: penalties differentiate twice, TF32 keeps 10 bits."""
    torch.backends.cudnn.deterministic = True
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_tf32 = False


def end_with_supervisor() -> None:
    """Wait for the end of standard input, then end this process: nobody is there to answer for it."""
    # Not through sys.stdin: a thread that holds its lock makes Python abort when the main thread ends.
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os._exit(exits.ORPHANED)


def main() -> int:
    """Entry of the process."""
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(levelname)s %(name)s: %(message)s")
    job = TrainJob.model_validate(loads(sys.stdin.buffer.readline())["job"])
    threading.Thread(target=end_with_supervisor, name="orphan-watch", daemon=True).start()
    return Trainer(job, Settings()).run()


if __name__ == "__main__":
    sys.exit(main())
