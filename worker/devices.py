"""The GPUs of this machine, counted without touching them, and the slots in which runs train.

Only trainers use CUDA: a context here would hold memory on every GPU for as long as the worker lives.
"""

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch

from contract.runs import Slot


def gpus() -> list[str]:
    """The GPUs that this process may use, as CUDA_VISIBLE_DEVICES names them; none: an empty list.

    torch asks NVML for their number, which makes no CUDA context.
    """
    allowed = os.environ.get("CUDA_VISIBLE_DEVICES")
    n_gpus = torch.cuda.device_count()
    return allowed.split(",")[:n_gpus] if allowed else [str(index) for index in range(n_gpus)]


def cores() -> int:
    """Processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(eq=False)
class Place:
    """One slot: where one run can train, and which run is there."""

    device: str
    """As the page shows it: `cuda:0`, `cpu`."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """What a trainer there needs in its environment to see this device and no other."""
    run: str | None = None


class Slots:
    """All slots of this worker, dealt out over its GPUs in turn."""

    def __init__(self, n_slots: int, gpu_names: list[str]) -> None:
        """So many slots; without a GPU they are all on the CPU."""
        self._lock = threading.Lock()
        self._places = [_place(index, gpu_names) for index in range(n_slots)]

    @contextmanager
    def take(self, run: str) -> Iterator[Place]:
        """A free slot for as long as the context lasts.

        Raises:
            RuntimeError: if none is free; the pool has one thread a slot, so that this is a mistake of ours.
        """
        with self._lock:
            place = next((place for place in self._places if place.run is None), None)
            if place is None:
                raise RuntimeError(f"no free slot for run {run}: all {len(self._places)} are in use")
            place.run = run
        try:
            yield place
        finally:
            place.run = None

    @property
    def n_in_use(self) -> int:
        """Slots in which something trains."""
        return sum(place.run is not None for place in self._places)

    def describe(self) -> list[Slot]:
        """Each slot with its device and what trains there."""
        return [Slot(device=place.device, run=place.run) for place in self._places]


def _place(index: int, gpu_names: list[str]) -> Place:
    if not gpu_names:
        return Place("cpu")
    which = index % len(gpu_names)
    return Place(f"cuda:{which}", {"CUDA_VISIBLE_DEVICES": gpu_names[which], "CUDA_DEVICE_ORDER": "PCI_BUS_ID"})
