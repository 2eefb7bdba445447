"""Projection discriminator: the label enters D's logit itself, as a product with the features."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn

from worker import conditioning
from worker.conditioning._labelled import Labelled
from worker.verdict import LabelAnswer, Verdict


class Projection(nn.Module):
    """Σ over attributes of ⟨e_y, features⟩, y the sample's own class.

    The embeddings e are the rows of a linear layer without bias, so that whatever acts on D's layers (`spectral_norm`)
    acts on them too.
    """

    def __init__(self, n_features: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.attributes = tuple(classes)
        self.embeddings = nn.ModuleList(nn.Linear(n_features, n, bias=False) for n in classes.values())

    def forward(self, features: Tensor, labels: Tensor | None = None) -> LabelAnswer:
        """What the labels, (N, attributes), add to the logits.

        Raises:
            ValueError: if there are no labels.
        """
        if labels is None:
            raise ValueError(f"a projection discriminator needs labels for {', '.join(self.attributes)}; got none")
        products = [
            embedding(features).gather(1, labels[:, column, None]) for column, embedding in enumerate(self.embeddings)
        ]
        return LabelAnswer(logit_shift=torch.cat(products, dim=1).sum(1))


@conditioning.register
class ProjectionDiscriminator(Labelled):
    """Projection: D judges a sample together with its labels, through an inner product; there is no classifier.

    D(x, y) = ψ(φ(x)) + Σ_a ⟨e_{a, y_a}, φ(x)⟩, with φ(x) the features of shape (N, F), ψ the last linear layer, and one
    embedding e_{a, c} of length F for each class c of each attribute a. G is given the labels; neither player has a
    term of its own for them, since the adversarial loss judges pairs of sample and label. Real samples come with their
    own labels, fakes with those that G was given.

    Source: Miyato & Koyama 2018, arXiv:1802.05637. Deviation: a sum over attributes, where the paper has one.
    """

    title: ClassVar[str] = "Projection"

    def head(self, n_features: int) -> nn.Module:
        """The embeddings."""
        return Projection(n_features, self.classes)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> None:
        """None: the labels are in D's logits."""

    def generator(self, fake: Verdict, fake_labels: Tensor) -> None:
        """None: the labels are in D's logits."""
