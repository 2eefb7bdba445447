"""What memory the trainer takes."""

from collections.abc import Sequence
from typing import ClassVar

import psutil
import torch
from pydantic import Field
from torch import nn

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.monitors import Measurement, MonitorParams, TrainingView

MIB = 2**20
_PROCESS = SeriesDescription(
    name="memory.process",
    unit="MiB",
    high_is="bad",
    meaning="Main memory that the trainer's process holds now, libraries and pages shared with others included.",
)
_GPU = (
    SeriesDescription(
        name="memory.gpu.allocated",
        unit="MiB",
        high_is="bad",
        meaning="GPU memory in the trainer's tensors now, as torch counts it.",
    ),
    SeriesDescription(
        name="memory.gpu.peak",
        unit="MiB",
        high_is="bad",
        meaning="Most GPU memory in the trainer's tensors at any moment since it started, as torch counts it.",
    ),
    SeriesDescription(
        name="memory.gpu.reserved",
        unit="MiB",
        high_is="bad",
        meaning="GPU memory that torch holds for the trainer now, free blocks kept for later included; the context's "
        "own few hundred MiB are not.",
    ),
)


@monitors.register
class Resources(monitors.Monitor):
    """Memory: what the trainer's process holds, in MiB = 2²⁰ bytes, in main memory and on its GPU.

    Exact at the moment of the look: the process's resident set as the system counts it, and torch's own count for the
    device that the players are on; GPU series exist only there. A look reads counters and waits for nothing. It is of
    the machine and not of the run: a repeated run has other numbers.
    """

    title: ClassVar[str] = "Memory"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    repeatable: ClassVar[bool] = False
    series: ClassVar[tuple[SeriesDescription, ...]] = (_PROCESS, *_GPU)

    class Params(MonitorParams):
        """How often."""

        every: int = Field(100, ge=1, le=1_000_000)
        """Steps between two looks."""

    params: Params

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """Without a GPU, the process alone."""
        return self.series if next(G.parameters()).device.type == "cuda" else (_PROCESS,)

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        scalars = {"memory.process": psutil.Process().memory_info().rss / MIB}
        if view.device.type == "cuda":
            scalars["memory.gpu.allocated"] = torch.cuda.memory_allocated(view.device) / MIB
            scalars["memory.gpu.peak"] = torch.cuda.max_memory_allocated(view.device) / MIB
            scalars["memory.gpu.reserved"] = torch.cuda.memory_reserved(view.device) / MIB
        return Measurement(scalars=scalars)
