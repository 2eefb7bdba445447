"""Twin auxiliary classifiers (TAC-GAN): a second head learns G's own labels, so that G need not make them easy."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from contract.knobs import knob
from worker import conditioning
from worker.conditioning import LabelTerm
from worker.conditioning._heads import ClassHeads
from worker.conditioning._labelled import LabelTermParams, LabelTerms
from worker.verdict import LabelAnswer, Verdict


class TwinHeads(nn.Module):
    """Two layers of class logits an attribute."""

    def __init__(self, n_features: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.first = ClassHeads(n_features, classes)
        self.twin = ClassHeads(n_features, classes)

    def forward(self, features: Tensor, labels: Tensor | None = None) -> LabelAnswer:
        """The first head's class logits in `auxiliary`, the twin's in `private`; the labels are not looked at."""
        return LabelAnswer(auxiliary=self.first.by_attribute(features), private=self.twin.by_attribute(features))


@conditioning.register
class Tac(LabelTerms):
    """TAC-GAN: one head an attribute learns the labels of real samples, its twin those of fakes; G is paid for the gap.

    With CE_a for the first head and CE'_a for its twin, each -log softmax(head(x))[y_a], in nats, mean over the batch:
    D's part a: CE_a(real) + t CE'_a(fake);  G's part a: CE_a(fake) - t CE'_a(fake), t: the twin's weight.
    Either player's term: w Σ_a w_a part_a. Heads that know nothing give D (1 + t) log(classes), G (1 - t) log(classes).
    G loses nothing by samples that are hard to name, as long as they are as hard as real ones: with t = 0 it is an
    auxiliary classifier that learns from real samples only, which rewards G for easy ones. G's part can be negative.

    Source: Gong et al. 2019, arXiv:1907.02690, in the form that StudioGAN plays, with t = 1. Deviations: weights; two
    heads an attribute.
    """

    title: ClassVar[str] = "Twin auxiliary classifiers (TAC-GAN)"

    class Params(LabelTermParams):
        """How much the labels and the twin count."""

        twin: float = knob(1.0, ge=0, le=10)
        """t: weight of the twin's cross-entropies in both players' parts; at 0 there is no twin."""

    params: Params

    def head(self, n_features: int) -> nn.Module:
        """Two layers of class logits an attribute."""
        return TwinHeads(n_features, self.classes)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm:
        """D's term: the first head learns from real samples, the twin from fakes."""
        on_fake = dict(self.columns(fake_labels))
        parts = {
            attribute: F.cross_entropy(real.auxiliary[attribute], labels)
            + self.params.twin * F.cross_entropy(fake.private[attribute], on_fake[attribute])
            for attribute, labels in self.columns(real_labels)
        }
        return self.weighted(parts)

    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm:
        """G's term: named by the first head, but not by the twin."""
        parts = {
            attribute: F.cross_entropy(fake.auxiliary[attribute], labels)
            - self.params.twin * F.cross_entropy(fake.private[attribute], labels)
            for attribute, labels in self.columns(fake_labels)
        }
        return self.weighted(parts)
