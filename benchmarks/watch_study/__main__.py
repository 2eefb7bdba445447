"""`make watch-study`: run what is missing, as many at once as there are cores, one thread each; then write the report.

A finished run is a line of `measured.jsonl` and a file of `runs/`, both committed: the study goes on where it stopped.
`python -m benchmarks.watch_study --minutes 60` stops in time; `--report-only` replays the guards and runs nothing.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks._processes import commit, run_all
from benchmarks._ratios import machine
from benchmarks.results.report import read
from benchmarks.watch_study import plan, report
from worker.catalogue import build_catalogue

HERE = Path(__file__).parent
MEASURED = HERE / "measured.jsonl"


def main() -> int:
    """Run, append, report; ends with 1 when a run failed, and says which."""
    options = _options()
    catalogue = build_catalogue()
    wanted = plan.jobs(catalogue)
    done = {line["key"] for line in read(MEASURED)}
    missing = [job for job in wanted if job.key not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done", flush=True)

    def keep(number: int, answer: Any) -> None:
        job = missing[number]
        report.keep(job.key, answer["looks"])
        about = {"key": job.key, "group": job.group, "title": job.title, "seed": job.seed, "steps": job.spec["steps"]}
        line = about | {"seconds": answer["seconds"], "spec": job.spec, "machine": machine(), "commit": commit(HERE)}
        with MEASURED.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{job.name}: {answer['seconds']} s", flush=True)

    failed = 0
    if not options.report_only:
        named = [(job.name, job.order) for job in missing]
        failed = run_all("benchmarks.watch_study.one", named, keep, at_once=options.at_once, minutes=options.minutes)
    lines = {line["key"]: line for line in read(MEASURED)}
    report.write([lines[job.key] for job in wanted if job.key in lines], catalogue)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.watch_study", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="start no run after that time")
    parser.add_argument("--at-once", type=int, default=len(os.sched_getaffinity(0)), help="runs at once")
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
