"""A test's own dataset, as a plugin would bring one: 64 labelled pictures of 16 × 16, no files, no judge."""

from pathlib import Path

import torch

from worker import datasets
from worker.registry import Component


@datasets.register
class TinyImages(datasets.Dataset):
    """Noise in two colours with two attributes of two and three classes."""

    title = "Tiny images (tests)"
    source = "made here"
    provides = {"sample": "image", "size": 16, "labels": True}
    class_attributes = {"hair": ["red", "blue"], "eyes": ["green", "grey", "brown"]}

    def prepare(self, cache: Path) -> None:
        generator = torch.Generator().manual_seed(5)
        self.shape = (3, 16, 16)
        self.attributes = dict(self.class_attributes)
        self.labels = torch.stack(
            [torch.randint(2, (64,), generator=generator), torch.randint(3, (64,), generator=generator)], 1
        )
        self.samples = torch.rand(64, 3, 16, 16, generator=generator) * 2 - 1


assert issubclass(TinyImages, Component)
