import mmap
import os
import re
from pathlib import Path

import pytest

from tests.worker.monitors.toys import toy_run
from worker import monitors


def look():
    return monitors.family.create("resources", {}).measure(toy_run((2,)).view()).scalars["memory.process"]


def by_the_kernel():
    """Resident pages, by another file of the kernel than psutil reads."""
    text = Path(f"/proc/{os.getpid()}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+) kB", text).group(1)) / 1024


def test_process_holds_what_the_kernel_says():
    assert look() == pytest.approx(by_the_kernel(), rel=0.05)


def test_64_mib_more_are_64_mib_more():
    look()
    before = look()
    with mmap.mmap(-1, 64 * 2**20) as held:  # pages of our own: an allocator may have as many to spare
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1
        assert look() - before == pytest.approx(64, abs=4)


def test_without_a_gpu_there_are_no_series_of_one():
    run = toy_run((2,))
    announced = monitors.family.create("resources", {}).series_of(run.dataset, run.G, run.D)
    assert [series.name for series in announced] == ["memory.process"]
