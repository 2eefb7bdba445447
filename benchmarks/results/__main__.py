"""`make results`: run what is missing, as many at once as there are cores, one thread each; then write the report.

Every finished run is a line of `measured.jsonl`, which is committed: the study goes on where it stopped, here or
elsewhere. `python -m benchmarks.results --minutes 60` stops in time; `--published` takes the published steps.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryFile

from benchmarks._ratios import machine
from benchmarks.results import plan, report
from worker.catalogue import build_catalogue

HERE = Path(__file__).parent
MEASURED = HERE / "measured.jsonl"
PUBLISHED = HERE / "published.jsonl"


def main() -> int:
    """Run, append, report; ends with 1 when a run failed, and says which."""
    options = _options()
    catalogue = build_catalogue()
    arms = list(plan.of_pacgan(share=1)) if options.published else [*plan.of_recipes(catalogue), *plan.of_pacgan()]
    if options.only:
        arms = [arm for arm in arms if arm.group in options.only]
    store = PUBLISHED if options.published else MEASURED
    done = {line["key"] for line in report.read(store)}
    wanted = plan.jobs(arms, catalogue)
    missing = [job for job in wanted if job.key not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done", flush=True)
    failed = 0 if options.report_only else _run(missing, store, options.at_once, options.minutes)
    report.write(catalogue)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.results", description=__doc__)
    parser.add_argument("--published", action="store_true", help="PacGAN's tables at the published number of steps")
    parser.add_argument("--only", nargs="*", metavar="GROUP", help="only these recipes or tables")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no run after that time")
    parser.add_argument("--at-once", type=int, default=len(os.sched_getaffinity(0)), help="runs at once")
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    return parser.parse_args()


def _run(missing: list[plan.Job], store: Path, at_once: int, minutes: float) -> int:
    """Run the jobs; each result is written when it is there. How many failed."""
    began, waiting, failed = time.monotonic(), list(missing), 0
    running: list[_Process] = []
    while waiting or running:
        while waiting and len(running) < at_once and time.monotonic() - began < minutes * 60:
            running.append(_Process(waiting.pop(0)))
        if not running:
            break
        time.sleep(0.2)
        for process in [each for each in running if each.is_over]:
            running.remove(process)
            failed += process.finish(store)
    return failed


def _commit() -> str:
    """The commit that is checked out, with a plus where files differ from it; empty outside of a repository."""
    git = ("git", "-C", str(HERE))
    head = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    changed = subprocess.run(
        [*git, "status", "--porcelain", "--", "../../worker"], capture_output=True, text=True, check=False
    )
    return head.stdout.strip() + ("+" if changed.stdout.strip() else "")


class _Process:
    """One run in a process of its own."""

    def __init__(self, job: plan.Job) -> None:
        self._job = job
        self._out = TemporaryFile("w+")  # noqa: SIM115  # closed in finish
        threads = dict.fromkeys(("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        self._child = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.results.one"],
            stdin=subprocess.PIPE,
            stdout=self._out,
            env=os.environ | threads,
            text=True,
        )
        assert self._child.stdin is not None
        with self._child.stdin as pipe:
            json.dump({"spec": job.spec, "knobs": job.knobs, "at": job.at}, pipe)

    @property
    def is_over(self) -> bool:
        return self._child.poll() is not None

    def finish(self, store: Path) -> int:
        """Write the result, or say that there is none. 1 when the run failed."""
        job = self._job
        self._out.seek(0)
        with self._out as out:
            answer = out.read()
        name = f"{job.group} / {job.title} / seed {job.seed}"
        if self._child.returncode != 0:
            print(f"FAILED {name}: exit code {self._child.returncode}", flush=True)
            return 1
        found = {"key": job.key, "group": job.group, "title": job.title, "seed": job.seed, "steps": job.spec["steps"]}
        line = found | json.loads(answer) | {"machine": machine(), "commit": _commit()}
        with store.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{name}: {line['metrics']} in {line['seconds']} s", flush=True)
        return 0


if __name__ == "__main__":
    sys.exit(main())
