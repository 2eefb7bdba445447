"""`make results`: run what is missing, as many at once as there are cores, one thread each; then write the report.

Every finished run is a line of `measured.jsonl`, which is committed: the study goes on where it stopped, here or
elsewhere. `python -m benchmarks.results --minutes 60` stops in time; `--published` takes the published steps.
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from benchmarks._processes import commit, run_all
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

    def keep(number: int, answer: Any) -> None:
        job = missing[number]
        found = {"key": job.key, "group": job.group, "title": job.title, "seed": job.seed, "steps": job.spec["steps"]}
        line = found | answer | {"machine": machine(), "commit": commit(HERE)}
        with store.open("a") as file:
            file.write(json.dumps(line) + "\n")
        print(f"{job.name}: {line['metrics']} in {line['seconds']} s", flush=True)

    named = [(job.name, job.order) for job in missing]
    return run_all("benchmarks.results.one", named, keep, at_once=at_once, minutes=minutes)


if __name__ == "__main__":
    sys.exit(main())
