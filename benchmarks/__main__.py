"""`make bench`: every promise about speed, measured now, as a table; `python -m benchmarks load` measures one part."""

import sys
from datetime import UTC, datetime

from benchmarks import curvature, delivery, instruments, load, opening, page, training
from benchmarks._ratios import HEADER, machine

PARTS = {
    "training": training.measure,
    "instruments": instruments.measure,
    "curvature": curvature.measure,
    "delivery": delivery.measure,
    "load": load.measure,
    "opening": opening.measure,
    "page": page.measure,
}


def main() -> int:
    """Print the table row by row; the exit code is 0 also when a promise is not kept: the table says so."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}\n\n{HEADER}", flush=True)
    wanted = sys.argv[1:] or list(PARTS)
    for name in wanted:
        for ratio in PARTS[name]():
            print(ratio.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
