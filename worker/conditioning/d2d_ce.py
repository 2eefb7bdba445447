"""Data-to-data cross-entropy (ReACGAN): labels as directions on a sphere, compared with the rest of the batch."""

from collections.abc import Mapping
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from contract.knobs import knob
from worker import conditioning
from worker.conditioning import LabelTerm
from worker.conditioning._labelled import LabelTermParams, LabelTerms
from worker.verdict import LabelAnswer, Verdict


class Proxies(nn.Linear):
    """One direction a class. A linear layer, so that whatever acts on D's layers (`spectral_norm`) acts on it too."""

    def forward(self, embedded: Tensor) -> Tensor:
        """Cosines (N, classes), from embeddings (N, E) of length 1."""
        return embedded @ F.normalize(self.weight, dim=1).T


class SphereHeads(nn.Module):
    """For each attribute an embedding of the features and a proxy a class, all of length 1."""

    def __init__(self, n_features: int, classes: Mapping[str, int], dimensions: int) -> None:
        super().__init__()
        self.attributes = tuple(classes)
        self.embeddings = nn.ModuleList(nn.Linear(n_features, dimensions) for _ in classes)
        self.proxies = nn.ModuleList(Proxies(dimensions, n, bias=False) for n in classes.values())

    def forward(self, features: Tensor, labels: Tensor | None = None) -> LabelAnswer:
        """Cosines (N, classes) to the proxies in `auxiliary`, embeddings (N, E) in `private`; labels are not read."""
        embedded, cosines = {}, {}
        for attribute, embedding, proxies in zip(self.attributes, self.embeddings, self.proxies, strict=True):
            embedded[attribute] = F.normalize(embedding(features), dim=1)
            cosines[attribute] = proxies(embedded[attribute])
        return LabelAnswer(auxiliary=cosines, private=embedded)


@conditioning.register
class D2dCe(LabelTerms):
    """ReACGAN's D2D-CE: a sample's embedding is drawn to the proxy of its class, pushed off samples of other classes.

    For each attribute, with unit embeddings f_i, unit proxies v_y, p_i = max(0, (m_p - ⟨f_i, v_{y_i}⟩) / τ), and
    n_ij = max(0, (⟨f_i, f_j⟩ - m_n) / τ) with m_n = 1 - m_p:
    part = mean_i [ p_i + log( exp(-p_i) + Σ_{j: y_j ≠ y_i} exp(n_ij) ) ], in nats.
    D's part is that of the real batch, G's that of its own samples, with the labels that it was given. Either player's
    term: w Σ_a w_a part_a. The inner sum is over the batch, so a larger batch makes the part larger; a batch of one
    class costs 0. Easy samples, with a cosine above m_p to their proxy and below m_n to samples of other classes, are
    neither pulled nor pushed. The class scores that monitors see are the cosines to the proxies.

    Source: Kang et al. 2021, arXiv:2111.01118, as StudioGAN's `Data2DataCrossEntropyLoss` and its CIFAR-10
    configuration have it (weight 0.5, m_p 0.98, τ 0.5, 512 dimensions). Deviations: weights; one embedding and one set
    of proxies an attribute; the logarithm is one logsumexp, where that code takes each row's maximum off the n_ij
    alone, which changes the value.
    """

    title: ClassVar[str] = "Data-to-data cross-entropy (ReACGAN)"
    batchwise = True

    class Params(LabelTermParams):
        """How much the labels count, and what counts as easy."""

        weight: float = knob(0.5, ge=0, le=100, scale="log")
        """Overall weight of the label terms of both players; at 0 nobody cares for labels."""
        margin: float = knob(0.98, ge=0, le=1, unit="cosine")
        """m_p: above this cosine to its proxy a sample is not pulled; below 1 - m_p to another it is not pushed."""
        temperature: float = knob(0.5, ge=0.01, le=10, scale="log", unit="cosine")
        """τ: the cosine that counts as one nat; low is strict."""
        dimensions: int = Field(512, ge=2, le=4096)
        """Length of the embeddings."""

    params: Params

    def head(self, n_features: int) -> nn.Module:
        """An embedding and a proxy a class for each attribute."""
        return SphereHeads(n_features, self.classes, self.params.dimensions)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm:
        """D's term, on real samples alone."""
        return self._term(real, real_labels)

    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm:
        """G's term, on its own samples."""
        return self._term(fake, fake_labels)

    def _term(self, verdict: Verdict, labels: Tensor) -> LabelTerm:
        parts = {
            attribute: self._part(verdict.private[attribute], verdict.auxiliary[attribute], own)
            for attribute, own in self.columns(labels)
        }
        return self.weighted(parts)

    def _part(self, embedded: Tensor, cosines: Tensor, labels: Tensor) -> Tensor:
        margin, temperature = self.params.margin, self.params.temperature
        pull = F.relu((margin - cosines.gather(1, labels[:, None])) / temperature)
        push = F.relu((embedded @ embedded.T - (1 - margin)) / temperature)
        of_same_class = labels[:, None] == labels[None, :]
        exponents = torch.cat([-pull, push.masked_fill(of_same_class, -torch.inf)], dim=1)
        return (pull[:, 0] + exponents.logsumexp(1)).mean()
