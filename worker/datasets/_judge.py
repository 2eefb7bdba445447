"""The judge of a set of labelled pictures: its own classifier, and what counts as a good sample."""

import itertools
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import safetensors.torch
import torch
from torch import Tensor

from worker.datasets import Judge, Judgement
from worker.datasets._classifier import RECIPE, Classifier, build, fit

CONFIDENCE = 0.9
"""Least probability of the likeliest class, of every attribute, of a good sample. Of held-out faces 98 % are good; of
noise, of shuffled pixels and of half-and-half blends of two faces at most 4 %."""
CHUNK = 1000
"""Samples judged at once, so that memory stays small."""


class ClassifierJudge(Judge):
    """Names every attribute by a classifier that was fitted on the real pictures, apart from G and D.

    A mode is one combination of classes, of the first attribute, of the second, and so on: with 10 hair and 6 eye
    colours there are 60, whether or not the set has a picture of each. A sample is good when, for every attribute, the
    likeliest class has a probability of at least 0.9.
    """

    has_features: ClassVar[bool] = True

    def __init__(
        self, classifier: Classifier, attributes: Mapping[str, Sequence[str]], accuracy: Mapping[str, float], n: int
    ) -> None:
        self.mode_names = names_of_modes(attributes)
        self.accuracy = accuracy
        self.n_held_out = n
        """Real pictures that `accuracy` was measured on; it has a standard error of √(p(1-p)/n)."""
        self._classifier = classifier.eval()

    @torch.no_grad()
    def __call__(self, samples: Tensor) -> Judgement:
        """Judge pictures of shape (N, 3, size, size) in [-1, 1]."""
        classifier = self._classifier.to(samples.device)
        chunks = [classifier(chunk.float()) for chunk in torch.split(samples, CHUNK)]
        mode = torch.zeros(len(samples), dtype=torch.int64, device=samples.device)
        good = torch.ones(len(samples), dtype=torch.bool, device=samples.device)
        labels = []
        for name in chunks[0]:
            probabilities = torch.cat([chunk[name] for chunk in chunks]).softmax(1)
            likeliest, label = probabilities.max(1)
            mode = mode * probabilities.shape[1] + label
            good &= likeliest >= CONFIDENCE  # False for NaN
            labels.append(label)
        return Judgement(mode=mode, good=good, labels=torch.stack(labels, dim=1))

    @torch.no_grad()
    def features(self, samples: Tensor) -> Tensor:
        """(N, 128): what all its heads see, after the last ReLU, of pictures (N, 3, size, size) in [-1, 1]."""
        body = self._classifier.to(samples.device).body
        return torch.cat([body(chunk.float()) for chunk in torch.split(samples, CHUNK)])


def names_of_modes(attributes: Mapping[str, Sequence[str]]) -> list[str]:
    """One name a combination of classes, the last attribute changing fastest; none without attributes."""
    return [" / ".join(names) for names in itertools.product(*attributes.values())] if attributes else []


def fit_to_bytes(pictures: Tensor, labels: Tensor, attributes: Mapping[str, Sequence[str]], effort: int = 1) -> bytes:
    """A freshly fitted judge as the content of a .safetensors file."""
    fitted = fit(pictures, labels, {name: len(classes) for name, classes in attributes.items()}, effort)
    tensors = {name: tensor.contiguous() for name, tensor in fitted.classifier.state_dict().items()}
    # One entry, for safetensors writes several in no fixed order, and the same judge should be the same file.
    about = {"recipe": RECIPE, "accuracy": fitted.accuracy, "held_out": fitted.n_held_out}
    return safetensors.torch.save(tensors, {"judge": json.dumps(about)})


def from_bytes(content: bytes, size: int, attributes: Mapping[str, Sequence[str]]) -> ClassifierJudge | None:
    """The judge in that content; None when it comes from another recipe and must be fitted again."""
    about = _about(content)
    if about.get("recipe") != RECIPE:
        return None
    classifier = build(size, {name: len(classes) for name, classes in attributes.items()})
    classifier.load_state_dict(safetensors.torch.load(content))
    return ClassifierJudge(classifier, attributes, about["accuracy"], about["held_out"])


def _about(content: bytes) -> dict[str, Any]:  # Any: JSON
    header_size = int.from_bytes(content[:8], "little")  # the format: 8 bytes of length, then a JSON header
    metadata = json.loads(content[8 : 8 + header_size]).get("__metadata__", {})
    about: dict[str, Any] = json.loads(metadata.get("judge", "{}"))
    return about
