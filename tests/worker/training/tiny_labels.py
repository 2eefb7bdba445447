"""A test's own dataset, as a plugin would bring one: 64 labelled points in the plane, no files, no judge."""

from pathlib import Path

import torch

from worker import datasets


@datasets.register
class TinyLabels(datasets.Dataset):
    """Noise in the plane with two attributes of two and three classes."""

    title = "Tiny labelled points (tests)"
    source = "made here"
    provides = {"sample": "points", "labels": True}
    class_attributes = {"hair": ["red", "blue"], "eyes": ["green", "grey", "brown"]}

    def prepare(self, cache: Path) -> None:
        generator = torch.Generator().manual_seed(5)
        self.shape = (2,)
        self.attributes = dict(self.class_attributes)
        self.labels = torch.stack(
            [torch.randint(2, (64,), generator=generator), torch.randint(3, (64,), generator=generator)], 1
        )
        self.samples = torch.randn(64, 2, generator=generator)
