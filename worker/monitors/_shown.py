"""What D is shown at a look: the same real samples and the same latents each time."""

from dataclasses import dataclass

import torch
from torch import Tensor

from worker.monitors import TrainingView


@dataclass(frozen=True)
class Shown:
    """Real and generated samples in equal number, as D sees them in training: in packs where it sees several at once.

    Labels are what D is given beside them: the real ones' own, those that G was given; None in a game without labels.
    """

    real: Tensor
    real_labels: Tensor | None
    fake: Tensor
    fake_labels: Tensor | None


@torch.no_grad()
def shown(view: TrainingView, n: int) -> Shown:
    """So many samples of each kind; generated ones are of G as it trains, in eval mode, whom D plays against."""
    real, labels = view.dataset.sample(n, view.fixed)
    z = view.latents(n, view.fixed)
    fake_labels = view.labels(n, view.fixed)
    fake = view.G.eval()(z, fake_labels)
    return Shown(
        real=view.packed(real.to(view.device)),
        real_labels=None if fake_labels is None else labels.to(view.device),
        fake=view.packed(fake),
        fake_labels=fake_labels,
    )
