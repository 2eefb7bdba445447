"""One point at zero: the data of the smallest game."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch

from worker import datasets


@datasets.register
class Origin(datasets.Dataset):
    """Origin: every real sample is the number 0; with network `dirac` it is the smallest game there is."""

    title: ClassVar[str] = "Origin (one point)"
    source: ClassVar[str] = "The Dirac-GAN of Mescheder, Geiger & Nowozin 2018, arXiv:1801.04406, definition 2.1."
    provides: ClassVar[Mapping[str, Any]] = {"sample": "scalar"}
    shape = (1,)

    def prepare(self, cache: Path) -> None:
        """The one sample; nothing is read or kept."""
        self.attributes = {}
        self.samples = torch.zeros(1, 1)
        self.labels = torch.zeros(1, 0, dtype=torch.int64)
