"""Stands in for `worker.trainer`: keeps its rules (job on stdin, end at its end, exit codes), trains nothing.

What it does is the job's name. It notes its start in the file that STANDIN_STARTS names.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

KEPT = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS", "MODESCOPE_THREADS", "PYTHONUNBUFFERED")


def note(job: dict[str, Any], **more: object) -> None:
    environment = {name: os.environ.get(name) for name in KEPT}
    line = json.dumps({"pid": os.getpid(), "job": job, "environment": environment, **more})
    with Path(os.environ["STANDIN_STARTS"]).open("a") as file:
        file.write(f"{line}\n")


def end_with_supervisor() -> None:
    while os.read(0, 4096):  # not sys.stdin: Python aborts at exit when a thread waits in it
        pass
    os._exit(6)


def wait() -> None:
    while True:
        signal.pause()


def at_sigterm(behaviour: str) -> None:
    if behaviour == "ignore-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if behaviour == "crash-at-sigterm":
        signal.signal(signal.SIGTERM, lambda *_: os.kill(os.getpid(), signal.SIGSEGV))


def hand_back(job: dict[str, Any]) -> None:
    """As the trainer does at SIGTERM: says that the run waits again."""
    from contract.events import Envelope, RunStatus
    from worker.store import Store

    def say(seq: int, status: RunStatus) -> None:
        body = status.model_dump(mode="json", exclude_none=True)
        about: dict[str, Any] = {"run": job["run"], "attempt": job["attempt"], "source": "trainer", "seq": seq}
        store.append(Envelope(**about, time=time.time(), kind=status.kind, body=body))

    def on_sigterm(*_: object) -> None:
        say(2, RunStatus(status="queued", reason="the worker stopped"))
        os._exit(5)

    store = Store(os.environ["MODESCOPE_REDIS_URL"])
    signal.signal(signal.SIGTERM, on_sigterm)
    say(1, RunStatus(status="running", from_step=0))


def leave_events(job: dict[str, Any]) -> None:
    """As a trainer that was killed while Redis was away."""
    from contract.events import Envelope, Log
    from worker.spool import Spool, spool_path

    spool = Spool(spool_path(Path(os.environ["STANDIN_SPOOL"]), job["run"], job["attempt"], "trainer"), most_bytes=9999)
    body = Log(message="left behind").model_dump()
    about: dict[str, Any] = {"run": job["run"], "attempt": job["attempt"], "source": "trainer"}
    spool.append([(Envelope(**about, seq=seq, time=1.0, kind="log", body=body), None) for seq in (1, 2)])
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    signal.alarm(60)  # whatever a test forgets ends by itself
    if os.environ.get("STANDIN_DEAF") == "exit":
        sys.exit(1)
    if os.environ.get("STANDIN_DEAF") == "wait":
        wait()
    job = json.loads(sys.stdin.buffer.readline())["job"]
    behaviour, *words = job["name"].split()
    if behaviour == "hand-back":
        hand_back(job)
    at_sigterm(behaviour)
    threading.Thread(target=end_with_supervisor, daemon=True).start()
    child = subprocess.Popen(["sleep", "1000"]) if behaviour == "parent" else None
    note(job, child=child.pid if child else None)
    if behaviour == "exit":
        sys.stderr.write("Traceback …\nZeroDivisionError: division by zero\n")
        sys.exit(int(words[0]))
    if behaviour == "die":
        os.kill(os.getpid(), getattr(signal, words[0]))
    if behaviour == "chat":
        sys.stdout.write("x" * 100_000 + "\n" + "first\nlast\n")
    elif behaviour == "leave-events":
        leave_events(job)
    elif behaviour != "parent":
        wait()


if __name__ == "__main__":
    main()
