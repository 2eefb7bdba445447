"""One attempt of one run, seen from outside: lease, process, ending.

The supervisor never trains. It makes sure that one trainer at most works on a run, that this trainer ends when its
worker does, and that every way in which it can end becomes an event. While Redis is away it just goes on.
"""

import logging
import os
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from contract.events import Envelope, RunStatus
from contract.jobs import TrainJob
from contract.numbers import dumps
from worker import exits
from worker.outbox import MOST_SPOOL_BYTES, Fenced, Outbox, replay_leftovers
from worker.output import Output
from worker.spool import spool_path
from worker.store import Store, StoreAway

LEASE_MS = 10_000
RENEW_S = 2.0
GRACE_S = 25.0
"""For a trainer that was asked to end: a checkpoint of a large run, and saying so."""
POLL_S = 0.1
SAY_S = 5.0
"""How long to try to say how it ended; after that the event waits in the spool."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Machine:
    """What a supervisor needs of the worker that it runs in."""

    store: Store
    command: Sequence[str]
    """Starts a trainer; the job comes on its standard input."""
    spool: Path
    """Folder in which events wait while Redis is away."""
    stopping: threading.Event = field(default_factory=threading.Event)
    """Set when the worker is to end."""
    most_spool_bytes: int = MOST_SPOOL_BYTES
    grace_s: float = GRACE_S
    lease_ms: int = LEASE_MS
    renew_s: float = RENEW_S


def supervise(job: TrainJob, machine: Machine, environment: Mapping[str, str]) -> None:
    """Have one attempt trained, if it is still wanted and nobody else is at it.

    Args:
        job: the attempt.
        machine: where.
        environment: added to the trainer's environment: its device, its threads.

    Raises:
        StoreAway: if Redis is away before anything has begun; the api sends the run again.
    """
    store, owner = machine.store, f"{job.attempt}:{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(4)}"
    if machine.stopping.is_set():
        _log.info("run %s: not begun, this worker is stopping; the api sends it again", job.run)
        return
    in_force = store.attempt(job.run)
    if in_force != job.attempt:
        _log.info("run %s: attempt %d is stale, %d is in force", job.run, job.attempt, in_force)
        return
    if not store.take_lease(job.run, owner, machine.lease_ms):
        _log.info("run %s: attempt %d is with another supervisor", job.run, job.attempt)
        return
    try:
        # A message can come twice, the second time after the end of what the first one started.
        if store.begun(job.run, job.attempt):
            _log.info("run %s: attempt %d has been trained already", job.run, job.attempt)
            return
        _Supervisor(job, machine, owner).run(environment)
    finally:
        with suppress(StoreAway):
            store.release_lease(job.run, owner)


class _Supervisor:
    """Holds the lease of one attempt, and its trainer."""

    def __init__(self, job: TrainJob, machine: Machine, owner: str) -> None:
        self._job = job
        self._machine = machine
        self._owner = owner
        self._seq = 0
        self._lost_lease = False
        self._killed: str | None = None
        path = spool_path(machine.spool, job.run, job.attempt, "supervisor")
        self._outbox = Outbox(machine.store, path, most_spool_bytes=machine.most_spool_bytes)

    def run(self, environment: Mapping[str, str]) -> None:
        """Say that it starts, train, and say how it ended."""
        with self._outbox:
            try:
                self._say(RunStatus(status="starting"))
                ending = self._train(environment)
                if self._lost_lease:
                    _log.warning("run %s: attempt %d has been taken over", self._job.run, self._job.attempt)
                    return
                self._replay_trainer()
                if ending is not None:
                    self._say(ending)
                if not self._outbox.flush(SAY_S):
                    _log.warning("run %s: its end could not be told yet; it waits in the spool", self._job.run)
            except Fenced as fenced:
                _log.info("%s", fenced)

    def _train(self, environment: Mapping[str, str]) -> RunStatus | None:
        """Run a trainer to its end; what is to be said of that, if it has not said it itself."""
        try:
            trainer = _spawn(self._machine.command, environment)
        except OSError as error:
            return RunStatus(status="failed", reason=f"the trainer could not be started: {error}")
        output = Output(trainer, self._job.run)
        try:
            # In a thread: a job can be larger than what a pipe holds, and the trainer reads it when it has begun.
            threading.Thread(target=self._hand_over, args=(trainer,), daemon=True).start()
            self._watch(trainer)
        finally:
            _kill_group(trainer)
            code = trainer.wait()
            output.close()
            if trainer.stdin is not None:
                with suppress(OSError):
                    trainer.stdin.close()
        _log.info("run %s: the trainer has ended with %d", self._job.run, code)
        return self._ending(code, output.tail())

    def _hand_over(self, trainer: "subprocess.Popen[bytes]") -> None:
        """The job goes down the pipe, which stays open: its end tells the trainer that the supervisor is gone."""
        line = dumps({"job": self._job.model_dump(mode="json", by_alias=True)}) + b"\n"
        if trainer.stdin is not None:
            with suppress(OSError, ValueError):  # it has ended already; its exit code says more
                trainer.stdin.write(line)
                trainer.stdin.flush()

    def _watch(self, trainer: "subprocess.Popen[bytes]") -> None:
        """Renew the lease until the trainer ends; end it when the lease is lost, or the worker stops."""
        renew_at = time.monotonic() + self._machine.renew_s
        kill_at: float | None = None
        while True:
            with suppress(subprocess.TimeoutExpired):
                trainer.wait(POLL_S)
                return
            now = time.monotonic()
            if now >= renew_at:
                renew_at = now + self._machine.renew_s
                self._renew()
            if self._lost_lease:
                return
            if self._machine.stopping.is_set() and kill_at is None:
                kill_at = now + self._machine.grace_s
                trainer.send_signal(signal.SIGTERM)
            if kill_at is not None and now >= kill_at:
                self._killed = f"it did not hand back within {self._machine.grace_s:g} s of the worker's stopping"
                return

    def _renew(self) -> None:
        job, machine = self._job, self._machine
        try:
            renewal = machine.store.renew_lease(job.run, job.attempt, self._owner, machine.lease_ms)
        except StoreAway as away:
            _log.warning("run %s: the lease could not be renewed: %s", job.run, away)
            return
        self._lost_lease = renewal == "lost"
        if renewal == "retaken":
            _log.warning("run %s: the lease had expired; taken back", job.run)
        with suppress(Fenced):  # the lease says the same a moment later
            self._outbox(())

    def _ending(self, code: int, tail: str) -> RunStatus | None:
        if code in exits.EXPECTED:
            return None
        if self._machine.stopping.is_set() and code == -signal.SIGTERM:
            return RunStatus(status="queued", reason="the worker stopped before the trainer had begun")
        if self._killed is not None:
            return RunStatus(status="lost", reason=f"the trainer was killed: {self._killed}", traceback=tail)
        if code >= 0:
            last = tail.strip().splitlines()[-1:] or ["it said nothing"]
            return RunStatus(
                status="failed", reason=f"the trainer failed with exit code {code}: {last[0]}", traceback=tail
            )
        return RunStatus(status="lost", reason=self._signal_in_words(-code), traceback=tail)

    def _signal_in_words(self, number: int) -> str:
        name = signal.Signals(number).name if number in list(signal.Signals) else f"signal {number}"
        cause = "; running out of memory is the usual cause" if number == signal.SIGKILL else ""
        return f"the trainer was killed by {name}{cause}"

    def _replay_trainer(self) -> None:
        """What the trainer could not deliver any more comes before the word that it has ended.

        The worker's heartbeat may be at it already: then its file is there until that is done.
        """
        path = spool_path(self._machine.spool, self._job.run, self._job.attempt, "trainer")
        deadline = time.monotonic() + SAY_S
        while path.exists() and time.monotonic() < deadline:
            replay_leftovers(self._machine.store, path.parent, POLL_S, path.name)
            time.sleep(POLL_S)

    def _say(self, status: RunStatus) -> None:
        self._seq += 1
        event = Envelope(
            run=self._job.run,
            attempt=self._job.attempt,
            source="supervisor",
            seq=self._seq,
            time=time.time(),
            kind=status.kind,
            body=status.model_dump(mode="json", exclude_none=True),
        )
        self._outbox([(event, None)])


def _spawn(command: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """A trainer in a session of its own: Ctrl-C at a terminal reaches the worker, which asks it to end."""
    return subprocess.Popen(  # noqa: S603  # our own command; a job is data on its standard input
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
    )


def _kill_group(trainer: "subprocess.Popen[bytes]") -> None:
    """The trainer, if it still lives, and whatever it has started."""
    with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group that has ended
        os.killpg(trainer.pid, signal.SIGKILL)
