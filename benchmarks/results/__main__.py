"""`make results`: run what is missing, as many at once as there are cores, one thread each; then write the report.

Every finished run is a line of `measured.jsonl`, which is committed: the study goes on where it stopped, here or
elsewhere. `python -m benchmarks.results --minutes 60` stops in time; `--published` takes the published steps.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

from benchmarks._processes import run_all
from benchmarks._study import append, parser, read
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
    done = {line["key"] for line in read(store)}
    wanted = plan.jobs(arms, catalogue)
    missing = [job for job in wanted if job.key not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done", flush=True)
    failed = 0 if options.report_only else _run(missing, store, options.at_once, options.minutes)
    report.write(catalogue)
    return 1 if failed else 0


def _options() -> argparse.Namespace:
    options = parser("benchmarks.results", __doc__)
    options.add_argument("--published", action="store_true", help="PacGAN's tables at the published number of steps")
    options.add_argument("--only", nargs="*", metavar="GROUP", help="only these recipes or tables")
    return options.parse_args()


def _run(missing: list[plan.Job], store: Path, at_once: int, minutes: float) -> int:
    """Run the jobs; each result is written when it is there. How many failed."""

    def keep(number: int, answer: Any) -> None:
        job = missing[number]
        append(store, job.about, answer)
        print(f"{job.name}: {answer['metrics']} in {answer['seconds']} s", flush=True)

    named = [(job.name, job.order) for job in missing]
    return run_all("benchmarks.results.one", named, keep, at_once=at_once, minutes=minutes)


if __name__ == "__main__":
    sys.exit(main())
