"""`make soak`: kill the processes of a real stack at random moments, and count what was lost; then write the report.

Every finished session is a line of `measured.jsonl`, which is committed: it goes on where it stopped.
`python -m benchmarks.soak --kills 100` makes more of them; `--minutes 20` begins no session after that time.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx

from benchmarks._ratios import default_cache
from benchmarks._study import append, read
from benchmarks.soak import memory, plan, report
from benchmarks.soak.session import measured

HERE = Path(__file__).parent
MEASURED = HERE / "measured.jsonl"
MEMORY = HERE / "memory.jsonl"
LEAST_KILLS = 20
FAILURES = (RuntimeError, OSError, httpx.HTTPError, subprocess.SubprocessError)


def main() -> int:
    """Disturb, count, report; ends with 1 when anything was lost, doubled or late, and says what."""
    options = _options()
    wanted = list(plan.sessions(options.kills))
    done = {line["key"] for line in read(MEASURED)}
    missing = [session for session in wanted if session.key not in done]
    print(f"{len(wanted)} sessions, {len(wanted) - len(missing)} of them done", flush=True)
    began, broken = time.monotonic(), 0
    for session in missing:
        if time.monotonic() - began < options.minutes * 60:
            broken += not _kept(session)
    if not read(MEMORY) and time.monotonic() - began < options.minutes * 60:
        broken += not _kept_memory()
    lines = read(MEASURED)
    report.write(lines, read(MEMORY))
    for problem in report.problems(lines):
        print(problem, flush=True)
    return 1 if broken or report.problems(lines) else 0


def _options() -> argparse.Namespace:
    options = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    options.add_argument("--kills", type=int, default=LEAST_KILLS, help="processes to kill, in all")
    options.add_argument("--minutes", type=float, default=float("inf"), help="begin no session after that time")
    return options.parse_args()


def _kept(session: plan.Session) -> bool:
    """Whether the session came to its end; what it found is appended."""
    print(f"{session.key}: {', '.join(session.disturbances)}", flush=True)
    return _kept_whole(
        MEASURED, {"key": session.key, "seed": session.seed}, lambda at: measured(session, at, default_cache())
    )


def _kept_memory() -> bool:
    """Whether the long run came to its end; what it found is appended."""
    print(f"memory over {memory.STEPS:,} steps", flush=True)
    return _kept_whole(MEMORY, {"key": "memory"}, lambda folder: memory.measured(folder / "data", default_cache()))


def _kept_whole(file: Path, about: dict[str, Any], work: Callable[[Path], dict[str, Any]]) -> bool:
    """Whether the work was done; its answer is appended to the file. Where it was not, its folder stays."""
    folder = Path(tempfile.mkdtemp(prefix="modescope-soak-"))
    began = time.monotonic()
    try:
        found = work(folder)
    except FAILURES as error:
        print(f"FAILED {about['key']}: {error}; its logs are in {folder}", flush=True)
        return False
    append(file, about, found | {"seconds": round(time.monotonic() - began, 1)})
    print(f"  {found.get('accounts', found)}", flush=True)
    shutil.rmtree(folder)
    return True


if __name__ == "__main__":
    sys.exit(main())
