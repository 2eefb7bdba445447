"""`make watch-study`: run what is missing, as many at once as there are cores, one thread each; then write the report.

A finished run is a line of `measured.jsonl` and a file of `runs/`, both committed: the study goes on where it stopped.
`python -m benchmarks.watch_study --minutes 60` stops in time; `--report-only` replays the guards and runs nothing.
`--tuning` does the same with a seed that guards may be tuned on, kept apart, and prints what each guard is worth there.
"""

import sys
from pathlib import Path
from typing import Any

from benchmarks._processes import run_all
from benchmarks._study import append, parser, read
from benchmarks.watch_study import plan, report
from worker.catalogue import build_catalogue

HERE = Path(__file__).parent
MEASURED = HERE / "measured.jsonl"
TUNING = HERE / "tuning.jsonl"


def main() -> int:
    """Run, append, report; ends with 1 when a run failed, and says which."""
    accepted = parser("benchmarks.watch_study", __doc__)
    accepted.add_argument("--tuning", action="store_true", help="the tuning seed in the place of the study's")
    options = accepted.parse_args()
    catalogue = build_catalogue()
    measured = TUNING if options.tuning else MEASURED
    wanted = plan.jobs(catalogue, plan.tuning_arms() if options.tuning else plan.ARMS)
    done = {line["key"] for line in read(measured)}
    missing = [job for job in wanted if job.key not in done]
    print(f"{len(wanted)} runs, {len(wanted) - len(missing)} of them done", flush=True)

    def keep(number: int, answer: Any) -> None:
        job = missing[number]
        report.keep(job.key, answer["looks"])
        append(measured, job.about, {"seconds": answer["seconds"], "spec": job.spec})
        print(f"{job.name}: {answer['seconds']} s", flush=True)

    failed = 0
    if not options.report_only:
        named = [(job.name, job.order) for job in missing]
        failed = run_all("benchmarks.watch_study.one", named, keep, at_once=options.at_once, minutes=options.minutes)
    lines = {line["key"]: line for line in read(measured)}
    finished = [lines[job.key] for job in wanted if job.key in lines]
    if options.tuning:
        print(*report.table(finished, catalogue), sep="\n")
    else:
        report.write(finished, catalogue)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
