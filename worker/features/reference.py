"""Real samples to compare with: two sets of the same size that share no sample, and their features.

The second set takes the place of generated samples once, and what comes out is drawn beside every curve: what a perfect
G would get from so few samples. Made once a run, for all monitors that ask for the same. Which samples they are depends
on the dataset alone, so that two runs of it are compared with the same ones.
"""

from collections.abc import Callable
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import torch

from worker.datasets import Dataset
from worker.features import Choice, Extractor
from worker.features.classifier import OwnClassifier
from worker.features.efficientnet import EfficientNetLite0
from worker.features.inception import Inception
from worker.features.plain import Coordinates, Pixels, Thumbnails

CHOICE_SEED = 2002_09797
"""Real samples are chosen from this seed."""
T = TypeVar("T")
AnyExtractor = type[Coordinates | Pixels | Thumbnails | OwnClassifier | EfficientNetLite0 | Inception]


def extractor_class(dataset: Dataset, choice: Choice) -> AnyExtractor:
    """The extractor that the choice means for that dataset; its `name` is known before it is built."""
    are_pictures = len(dataset.shape) == 3
    if choice == "auto":
        has_classifier = dataset.judge is not None and dataset.judge.has_features
        choice = "identity" if not are_pictures else "classifier" if has_classifier else "thumbnails"
    known: dict[Choice, AnyExtractor] = {
        "identity": Pixels if are_pictures else Coordinates,
        "thumbnails": Thumbnails,
        "classifier": OwnClassifier,
        "efficientnet_lite0": EfficientNetLite0,
        "inception": Inception,
    }
    return known[choice]


def sample_size(dataset: Dataset, n: int) -> int:
    """How many samples each set has: n, or half of a dataset that has fewer than 2n."""
    return min(n, len(dataset) // 2)


def checked_size(dataset: Dataset, n: int, least: int) -> int:
    """The same, where it is to be used.

    Raises:
        ValueError: if it is less than the least that makes sense.
    """
    size = sample_size(dataset, n)
    if size < least:
        raise ValueError(
            f"this needs two sets of at least {least} samples each, and this dataset has {len(dataset)} in all"
        )
    return size


class Reference:
    """Two disjoint sets of n real samples each, and their features, on one device."""

    def __init__(self, dataset: Dataset, extractor: AnyExtractor, n: int, device: torch.device) -> None:
        chosen = torch.randperm(len(dataset), generator=torch.Generator().manual_seed(CHOICE_SEED))[: 2 * n]
        self.first_samples = dataset.samples[chosen[:n]].to(device)
        self.second_samples = dataset.samples[chosen[n:]].to(device)
        self.extractor: Extractor = extractor(dataset)
        self.extractor.fit(self.first_samples)
        self.first = self.extractor(self.first_samples)
        """(n, F) float64: the real samples that others are compared with."""
        self.second = self.extractor(self.second_samples)
        """(n, F) float64: real samples in the place of generated ones."""
        self._kept: dict[str, Any] = {}

    def once(self, what: str, make: Callable[[], T]) -> T:
        """What `make` yields, made at the first call for `what` and kept."""
        if what not in self._kept:
            self._kept[what] = make()
        kept: T = self._kept[what]
        return kept


_references: WeakKeyDictionary[Dataset, dict[tuple[AnyExtractor, int, torch.device], Reference]] = WeakKeyDictionary()


def reference(dataset: Dataset, choice: Choice, n: int, device: torch.device) -> Reference:
    """The reference of this dataset, made at the first call; it goes with the dataset."""
    made = _references.setdefault(dataset, {})
    key = (extractor_class(dataset, choice), n, device)
    if key not in made:
        made[key] = Reference(dataset, *key)
    return made[key]
