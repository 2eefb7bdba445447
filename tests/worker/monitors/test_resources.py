import os
import re
from pathlib import Path

import pytest
import torch

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
    held = torch.ones(16 * 2**20)
    assert look() - before == pytest.approx(64, abs=4)
    del held


def test_without_a_gpu_there_are_no_series_of_one():
    run = toy_run((2,))
    announced = monitors.family.create("resources", {}).series_of(run.dataset, run.G, run.D)
    assert [series.name for series in announced] == ["memory.process"]
