"""Fresh samples, and the judge they go to."""

from torch import Tensor

from worker.datasets import Dataset, Judge
from worker.monitors import TrainingView


def judge_of(dataset: Dataset) -> Judge:
    """The dataset's judge.

    Raises:
        ValueError: if it has none.
    """
    if dataset.judge is None:
        raise ValueError(
            "this dataset has no judge, so nobody can say which mode a sample is of; "
            "take a dataset with known modes (ring, grid), or one with labels"
        )
    return dataset.judge


def fresh_samples(view: TrainingView, n: int) -> tuple[Tensor, Tensor | None]:
    """Samples that no other look has had, (n, *sample), and the labels that G was given."""
    z = view.latents(n, view.generator)
    labels = view.labels(n, view.generator)
    return view.generate(z, labels), labels
