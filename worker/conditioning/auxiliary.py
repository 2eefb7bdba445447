"""Auxiliary classifiers (ACGAN): G is told the labels, D must name them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from contract.components import ComponentParams
from contract.knobs import knob
from worker import conditioning
from worker.conditioning import LabelTerm
from worker.conditioning._heads import ClassHeads
from worker.registry import InvalidParams
from worker.verdict import Verdict

Weight = Annotated[float, Field(ge=0, le=100)]


@conditioning.register
class Auxiliary(conditioning.Conditioning):
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
    needs: ClassVar[Mapping[str, Any]] = {"labels": True}
    provides: ClassVar[Mapping[str, Any]] = {"auxiliary": True, "conditioned": True}

    class Params(ComponentParams):
        """How much the labels count."""

        weight: float = knob(1.0, ge=0, le=100, scale="log")
        """Overall weight of the label terms of both players; at 0 nobody cares for labels."""
        weights: dict[str, Weight] = knob({}, scale="log")
        """Weight of each attribute; one that is not named has 1."""
        fake_in_discriminator: bool = True
        """Whether D also learns labels from generated samples, as in the paper."""

    params: Params
    labels_generator = True

    def begin(self, attributes: Mapping[str, int]) -> None:
        """Take up the dataset's attributes, and give each a weight.

        Raises:
            InvalidParams: if there are no attributes, or a weight is for one that the dataset does not have.
        """
        if not attributes:
            raise InvalidParams(
                "conditioning 'auxiliary' needs a dataset with labels, this one has none: "
                "take another dataset, or conditioning 'none'"
            )
        strangers = sorted(set(self.params.weights) - set(attributes))
        if strangers:
            raise InvalidParams(
                f"conditioning 'auxiliary': weights names {', '.join(strangers)}; "
                f"the dataset's attributes are {', '.join(attributes)}"
            )
        self._classes = dict(attributes)
        self.params.weights = dict.fromkeys(attributes, 1.0) | self.params.weights

    def head(self, n_features: int) -> nn.Module:
        """One layer of class logits an attribute."""
        return ClassHeads(n_features, self._classes)

    def discriminator(self, real: Verdict, fake: Verdict, real_labels: Tensor, fake_labels: Tensor) -> LabelTerm:
        """D's term: the cross-entropies on real samples and, if asked, on fake ones."""
        parts = dict(self._cross_entropies(real, real_labels))
        if self.params.fake_in_discriminator:
            parts = {name: parts[name] + on_fake for name, on_fake in self._cross_entropies(fake, fake_labels)}
        return self._term(parts)

    def generator(self, fake: Verdict, fake_labels: Tensor) -> LabelTerm:
        """G's term: the cross-entropies on its own samples, for the labels that it was given."""
        return self._term(dict(self._cross_entropies(fake, fake_labels)))

    def _cross_entropies(self, verdict: Verdict, labels: Tensor) -> Iterator[tuple[str, Tensor]]:
        for column, name in enumerate(self._classes):
            yield name, F.cross_entropy(verdict.auxiliary[name], labels[:, column])

    def _term(self, parts: Mapping[str, Tensor]) -> LabelTerm:
        weighted = [self.params.weights[name] * part for name, part in parts.items()]
        return LabelTerm(total=self.params.weight * sum(weighted[1:], start=weighted[0]), parts=parts)
