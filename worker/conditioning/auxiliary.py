"""Auxiliary classifiers (ACGAN): G is told the labels, D must name them."""

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from worker import conditioning
from worker.conditioning import LabelTerm
from worker.conditioning._heads import ClassHeads
from worker.conditioning._labelled import LabelTermParams, LabelTerms
from worker.verdict import Verdict


@conditioning.register
class Auxiliary(LabelTerms):
    """ACGAN: D has one softmax head an attribute; both players want the heads to name the labels of the samples.

    CE_a(x, c) = -log softmax(head_a(x))[c_a], in nats, mean over the batch, for each attribute a.
    D's part a: CE_a(real) + CE_a(fake), a plain sum with no ½;  G's part a: CE_a(fake).
    Either player's term: w Σ_a w_a part_a (overall weight w, own weight w_a), added to its adversarial loss. Heads
    that know nothing give log(classes) a cross-entropy.

    Source: Odena, Olah & Shlens 2017, arXiv:1610.09585, eqs. (2) and (3): D maximises L_S + L_C, G maximises
    L_C - L_S, where L_C takes in real and fake samples. Deviations: weights (all 1 in the paper); one head an
    attribute, where the paper has one attribute; `fake_in_discriminator`, since many public implementations leave the
    fake part out of D's.
    """

    title: ClassVar[str] = "Auxiliary classifier (ACGAN)"

    class Params(LabelTermParams):
        """How much the labels count."""

        fake_in_discriminator: bool = True
        """Whether D also learns labels from generated samples, as in the paper."""

    params: Params

    def head(self, n_features: int) -> nn.Module:
        """One layer of class logits an attribute."""
        return ClassHeads(n_features, self.classes)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm:
        """D's term: the cross-entropies on real samples and, if asked, on fake ones."""
        parts = self._cross_entropies(real, real_labels)
        if self.params.fake_in_discriminator:
            on_fake = self._cross_entropies(fake, fake_labels)
            parts = {attribute: part + on_fake[attribute] for attribute, part in parts.items()}
        return self.weighted(parts)

    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm:
        """G's term: the cross-entropies on its own samples, for the labels that it was given."""
        return self.weighted(self._cross_entropies(fake, fake_labels))

    def _cross_entropies(self, verdict: Verdict, labels: Tensor) -> dict[str, Tensor]:
        return {name: F.cross_entropy(verdict.auxiliary[name], column) for name, column in self.columns(labels)}
