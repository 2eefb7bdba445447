"""The small network that tells a dataset's pictures apart, and how it is fitted.

Fitted on real pictures alone, once a dataset, on the CPU, in 16 s for faces of 16 pixels; never trained against any G.
On one thread: then its weights do not depend on the number of threads, and on a busy machine it is 9 times as fast as
on two, which wait for each other at every layer. What it says of a sample is the business of `_judge`.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

logger = logging.getLogger(__name__)

RECIPE = 1
"""Raised with every change to this file that changes weights: files kept from another recipe are fitted again."""
STEPS = 1000
"""Faces, 16 pixels: 600 steps name as many held-out faces right, but call only 90 % of them good instead of 97 %."""
BATCH = 64
LEARNING_RATE = 3e-3
WIDTH = 32
HELD_OUT = 0.1
"""Share of the pictures that it is not fitted on, and its accuracy is measured on."""
SEED = 60_2026

# Of a batch of 64: blends of two pictures, and pictures of nothing; all the others as they are.
N_BLENDED = 8
N_NOTHING = 8
NOISE_STD = 0.2
"""Largest standard deviation of the noise that is added, in units of the range [-1, 1]."""


class Classifier(nn.Module):
    """(N, 3, size, size) in [-1, 1] → attribute → (N, classes) logits; sees 16×16 after its first layer."""

    def __init__(self, size: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        stride = size // 16
        self.body = nn.Sequential(
            nn.Conv2d(3, WIDTH, 2 * stride + 1, stride, stride),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(WIDTH, 2 * WIDTH, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * WIDTH, 2 * WIDTH, 3, padding=1),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(2 * WIDTH * 16, 4 * WIDTH),
            nn.ReLU(),
        )
        self.heads = nn.ModuleDict({name: nn.Linear(4 * WIDTH, n) for name, n in classes.items()})

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Unnormalised class logits by attribute."""
        features = self.body(x)
        return {name: head(features) for name, head in self.heads.items()}


@dataclass(frozen=True)
class Fitted:
    """A fitted classifier, and how well it does on pictures that it was not fitted on."""

    classifier: Classifier
    accuracy: Mapping[str, float]
    """Attribute → share named right of the held-out pictures."""
    n_held_out: int


def fit(pictures: Tensor, labels: Tensor, classes: Mapping[str, int], effort: int = 1) -> Fitted:
    """A classifier of these pictures.

    The loss is the cross-entropy with soft targets, summed over attributes. So that it is sane about samples that are
    no pictures yet, it also sees pictures shifted and with noise; blends λa + (1-λ)b, whose target is the blend of
    the labels (mixup: Zhang et al. 2018, arXiv:1710.09412); and shuffled pixels and noise, whose target is "anything"
    (outlier exposure: Hendrycks et al. 2019, arXiv:1812.04606).

    Args:
        pictures: (N, 3, size, size) in [-1, 1], N ≥ 2.
        labels: (N, attributes) int64.
        classes: attribute → number of classes, in the order of the columns of labels.
        effort: times `STEPS`.

    Returns:
        The classifier in eval mode. Torch's global randomness is as it was.
    """
    generator = torch.Generator().manual_seed(SEED)
    held_out, fitted_on = _split(len(pictures), generator)
    classifier = build(pictures.shape[-1], classes)
    with _one_thread():
        batches = _batches(pictures[fitted_on], labels[fitted_on], list(classes.values()), generator)
        _train(classifier, batches, effort * STEPS)
    return Fitted(classifier, _accuracy(classifier, pictures[held_out], labels[held_out]), len(held_out))


def build(size: int, classes: Mapping[str, int]) -> Classifier:
    """An unfitted classifier, always the same one, laid out in memory as convolutions on a CPU like it."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(SEED)  # torch.manual_seed would seed the GPUs too, for good
        classifier = Classifier(size, classes)
    return classifier.to(memory_format=torch.channels_last)  # type: ignore[call-overload,no-any-return]


def _split(n: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    shuffled = torch.randperm(n, generator=generator)
    n_held_out = max(1, round(n * HELD_OUT))
    return shuffled[:n_held_out], shuffled[n_held_out:]


@contextmanager
def _one_thread() -> Iterator[None]:
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(n_threads)


def _batches(
    pictures: Tensor, labels: Tensor, classes: Sequence[int], generator: torch.Generator
) -> Iterator[tuple[Tensor, list[Tensor]]]:
    """Without end: a batch of pictures, and the target of each attribute."""
    while True:
        chosen = torch.randint(len(pictures), (BATCH,), generator=generator)
        targets = [F.one_hot(labels[chosen, column], n).float() for column, n in enumerate(classes)]
        yield _roughened(pictures[chosen], targets, generator)


def _train(classifier: Classifier, batches: Iterator[tuple[Tensor, list[Tensor]]], steps: int) -> None:
    optimiser = torch.optim.AdamW(classifier.parameters(), lr=LEARNING_RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, steps)
    for step in range(steps):
        if step % 250 == 0:
            logger.info("fitting the judge of these pictures: step %d of %d", step, steps)
        batch, targets = next(batches)
        loss = _cross_entropy(classifier(batch), targets)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimiser.step()
        schedule.step()
    classifier.eval()


def _cross_entropy(logits: Mapping[str, Tensor], targets: Sequence[Tensor]) -> Tensor:
    terms = [F.cross_entropy(head, target) for head, target in zip(logits.values(), targets, strict=True)]
    return torch.stack(terms).sum()


def _roughened(pictures: Tensor, targets: list[Tensor], generator: torch.Generator) -> tuple[Tensor, list[Tensor]]:
    """The batch with its first pictures blended, its last made nothing of, and all of it shifted and noisy."""
    others = torch.randperm(BATCH, generator=generator)
    lam = torch.ones(BATCH)
    lam[:N_BLENDED] = 0.5 + 0.5 * torch.rand(N_BLENDED, generator=generator)
    pictures = torch.lerp(pictures[others], pictures, lam[:, None, None, None])
    pictures[-N_NOTHING:] = _nothing(pictures[-N_NOTHING:], generator)
    targets = [torch.lerp(target[others], target, lam[:, None]) for target in targets]
    for target in targets:
        target[-N_NOTHING:] = 1 / target.shape[1]
    strength = NOISE_STD * torch.rand(BATCH, 1, 1, 1, generator=generator)
    noise = torch.randn(pictures.shape, generator=generator)
    rough = (_shifted(pictures, generator) + strength * noise).clamp(-1, 1)
    return rough.contiguous(memory_format=torch.channels_last), targets


def _nothing(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """Half of them with their pixels shuffled, the rest replaced by noise."""
    half = len(pictures) // 2
    order = torch.randperm(pictures[0, 0].numel(), generator=generator)
    shuffled = pictures[:half].flatten(2)[:, :, order].view_as(pictures[:half])
    noise = 2 * torch.rand(pictures[half:].shape, generator=generator) - 1
    return torch.cat([shuffled, noise])


def _shifted(pictures: Tensor, generator: torch.Generator) -> Tensor:
    """The batch shifted by up to a sixteenth of the side; what comes in at an edge repeats the edge."""
    size = pictures.shape[-1]
    reach = size // 16
    top, left = torch.randint(2 * reach + 1, (2,), generator=generator).tolist()
    padded = F.pad(pictures, (reach,) * 4, mode="replicate")
    return padded[:, :, top : top + size, left : left + size]


@torch.no_grad()
def _accuracy(classifier: Classifier, pictures: Tensor, labels: Tensor) -> dict[str, float]:
    named = {name: logits.argmax(1) for name, logits in classifier(pictures).items()}
    return {name: (named[name] == labels[:, column]).float().mean().item() for column, name in enumerate(named)}
