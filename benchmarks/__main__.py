"""`make bench`: every promise about speed, measured now, as a table."""

import sys
from datetime import UTC, datetime

from benchmarks import curvature, delivery, instruments, training
from benchmarks._ratios import HEADER, machine


def main() -> int:
    """Print the table row by row; the exit code is 0 also when a promise is not kept: the table says so."""
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, {machine()}\n\n{HEADER}", flush=True)
    for measure in (training.measure, instruments.measure, curvature.measure, delivery.measure):
        for ratio in measure():
            print(ratio.line(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
