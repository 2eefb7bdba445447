"""A classifier that discriminates too (ADC-GAN): each class exists twice, as real and as fake."""

from collections.abc import Mapping
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional as F

from worker import conditioning
from worker.conditioning import LabelTerm
from worker.conditioning._heads import ClassHeads
from worker.conditioning._labelled import LabelTerms
from worker.verdict import LabelAnswer, Verdict

REAL, FAKE = 0, 1
"""Where in a pair of joint classes each stands: 2y is "real y", 2y + 1 is "fake y"."""


class JointHeads(nn.Module):
    """2K logits an attribute of K classes; the two of a class together are its class logit."""

    def __init__(self, n_features: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.heads = ClassHeads(n_features, {attribute: 2 * n for attribute, n in classes.items()})

    def forward(self, features: Tensor, labels: Tensor | None = None) -> LabelAnswer:
        """Joint logits (N, 2K) in `private`, their sums over real and fake in `auxiliary`; the labels are not read."""
        joint = self.heads.by_attribute(features)
        # log(e^a + e^b): the softmax of these is the probability of the class, real or fake.
        classes = {attribute: _pairs(logits).logsumexp(2) for attribute, logits in joint.items()}
        return LabelAnswer(auxiliary=classes, private=joint)


@conditioning.register
class Adc(LabelTerms):
    """ADC-GAN: one softmax head an attribute over 2K joint classes, "real y" and "fake y" for each of its K classes.

    With CE_a(x, j) = -log softmax(head_a(x))[j], in nats, mean over the batch, and joint classes 2y (real), 2y + 1:
    D's part a: CE_a(real, 2y) + CE_a(fake, 2y + 1), a plain sum with no ½;
    G's part a: CE_a(fake, 2y) - CE_a(fake, 2y + 1), which is the mean of logit 2y + 1 minus logit 2y.
    Either player's term: w Σ_a w_a part_a. A head that knows nothing gives D 2 log(2K) and G 0. G's part can be
    negative. The class logits that monitors see are the logsumexp of each pair.

    Source: Hou et al. 2022, arXiv:2107.10060, in the form that StudioGAN plays. Deviations: weights; one head an
    attribute.
    """

    title: ClassVar[str] = "Auxiliary discriminative classifier (ADC-GAN)"

    def head(self, n_features: int) -> nn.Module:
        """One layer of joint logits an attribute."""
        return JointHeads(n_features, self.classes)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm:
        """D's term: it names the class, and whether the sample is real."""
        on_fake = dict(self.columns(fake_labels))
        parts = {
            attribute: F.cross_entropy(real.private[attribute], 2 * labels + REAL)
            + F.cross_entropy(fake.private[attribute], 2 * on_fake[attribute] + FAKE)
            for attribute, labels in self.columns(real_labels)
        }
        return self.weighted(parts)

    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm:
        """G's term: how much rather D calls its samples fake ones than real ones of their class."""
        return self.weighted(
            {attribute: _fake_minus_real(fake.private[attribute], y) for attribute, y in self.columns(fake_labels)}
        )


def _pairs(joint: Tensor) -> Tensor:
    """(N, K, 2), from (N, 2K): each class as a real and as a fake one."""
    return joint.reshape(len(joint), -1, 2)


def _fake_minus_real(joint: Tensor, labels: Tensor) -> Tensor:
    # The softmax's denominator is the same in both cross-entropies: their difference needs none.
    gaps = _pairs(joint)[..., FAKE] - _pairs(joint)[..., REAL]
    return gaps.gather(1, labels[:, None]).mean()
