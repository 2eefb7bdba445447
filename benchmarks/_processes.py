"""Many runs, each in a process of its own with one thread, as many at once as wanted."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any


class _Process:
    """One run: a module of ours that takes a job on its standard input and prints its answer, both JSON."""

    def __init__(self, module: str, name: str, job: Mapping[str, Any]) -> None:
        self.name = name
        self._out = TemporaryFile("w+")  # noqa: SIM115  # closed in answer
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._child = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=self._out, env=os.environ | threads, text=True
        )
        assert self._child.stdin is not None
        with self._child.stdin as pipe:
            json.dump(job, pipe)

    @property
    def is_over(self) -> bool:
        return self._child.poll() is not None

    def answer(self) -> Any:  # Any: JSON
        """What it printed; None when it failed."""
        self._out.seek(0)
        with self._out as out:
            text = out.read()
        return json.loads(text) if self._child.returncode == 0 else None


def run_all(
    module: str,
    jobs: Sequence[tuple[str, Mapping[str, Any]]],
    keep: Callable[[int, Any], None],
    *,
    at_once: int,
    minutes: float,
) -> int:
    """Run the jobs, and keep each answer when it is there.

    Args:
        module: what runs one of them.
        jobs: name, for people, and what the module takes.
        keep: called with the job's number and its answer.
        at_once: processes at once.
        minutes: no job is started after that time.

    Returns:
        How many failed; each is named on standard output.
    """
    began, waiting, failed = time.monotonic(), list(enumerate(jobs)), 0
    running: list[tuple[int, _Process]] = []
    while waiting or running:
        while waiting and len(running) < at_once and time.monotonic() - began < minutes * 60:
            number, (name, job) = waiting.pop(0)
            running.append((number, _Process(module, name, job)))
        if not running:
            break
        time.sleep(0.2)
        for number, process in [each for each in running if each[1].is_over]:
            running.remove((number, process))
            answer = process.answer()
            if answer is None:
                failed += 1
                print(f"FAILED {process.name}", flush=True)
            else:
                keep(number, answer)
    return failed


def commit(folder: Path) -> str:
    """The commit that is checked out, with a plus where the worker's files differ from it; empty without git."""
    git = ("git", "-C", str(folder))
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    top = subprocess.run([*git, "rev-parse", "--show-toplevel"], capture_output=True, text=True, check=False)
    worker = f"{top.stdout.strip()}/worker"
    changed = subprocess.run([*git, "status", "--porcelain", "--", worker], capture_output=True, text=True, check=False)
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")
