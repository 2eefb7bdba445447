"""A test's own dataset: 256 points around four corners, no judge."""

from pathlib import Path

import torch

from worker import datasets


@datasets.register
class TinyPoints(datasets.Dataset):
    """Four small clouds."""

    title = "Tiny points (tests)"
    source = "made here"
    provides = {"sample": "points"}

    def prepare(self, cache: Path) -> None:
        generator = torch.Generator().manual_seed(6)
        self.shape = (2,)
        self.attributes = {}
        corners = torch.tensor([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
        self.labels = torch.zeros(256, 0, dtype=torch.int64)
        self.samples = corners.repeat(64, 1) + 0.05 * torch.randn(256, 2, generator=generator)
