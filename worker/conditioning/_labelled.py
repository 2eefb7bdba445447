"""What conditionings that use labels share: the dataset's attributes, and weighted terms by attribute."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from contract.knobs import knob
from worker.conditioning import Conditioning, LabelTerm
from worker.registry import InvalidParams

Weight = Annotated[float, Field(ge=0, le=100)]


class Labelled(Conditioning):
    """Both players are given labels."""

    needs: ClassVar[Mapping[str, Any]] = {"labels": True}
    provides: ClassVar[Mapping[str, Any]] = {"conditioned": True}
    labels_generator = True

    def begin(self, attributes: Mapping[str, int]) -> None:
        """Take up the dataset's attributes.

        Raises:
            InvalidParams: if there are none.
        """
        if not attributes:
            raise InvalidParams(
                f"conditioning {self.entry!r} needs a dataset with labels, this one has none: "
                "take another dataset, or conditioning 'none'"
            )
        self.classes = dict(attributes)
        """Attribute → number of classes, in the order of the columns of labels."""

    def columns(self, labels: Tensor) -> Iterator[tuple[str, Tensor]]:
        """Each attribute with its labels, (N,) of (N, attributes)."""
        for column, attribute in enumerate(self.classes):
            yield attribute, labels[:, column]


class LabelTermParams(ComponentParams):
    """How much the labels count."""

    weight: float = knob(1.0, ge=0, le=100, scale="log")
    """Overall weight of the label terms of both players; at 0 nobody cares for labels."""
    weights: dict[str, Weight] = knob({}, scale="log")
    """Weight of each attribute; one that is not named has 1."""


class LabelTerms(Labelled):
    """Both players pay a term an attribute: w Σ_a w_a part_a, with an overall weight w and one of its own for each."""

    provides: ClassVar[Mapping[str, Any]] = {"auxiliary": True, "conditioned": True}
    Params: ClassVar[type[ComponentParams]] = LabelTermParams
    params: LabelTermParams

    def begin(self, attributes: Mapping[str, int]) -> None:
        """Take up the dataset's attributes, and give each a weight.

        Raises:
            InvalidParams: if there are no attributes, or a weight is for one that the dataset does not have.
        """
        super().begin(attributes)
        strangers = sorted(set(self.params.weights) - set(attributes))
        if strangers:
            raise InvalidParams(
                f"conditioning {self.entry!r}: weights names {', '.join(strangers)}; "
                f"the dataset's attributes are {', '.join(attributes)}"
            )
        self.params.weights = dict.fromkeys(attributes, 1.0) | self.params.weights

    def weighted(self, parts: Mapping[str, Tensor]) -> LabelTerm:
        """The term made of these unweighted parts, one an attribute, with the weights in force."""
        first, *rest = (self.params.weights[attribute] * part for attribute, part in parts.items())
        return LabelTerm(total=self.params.weight * sum(rest, start=first), parts=parts)
