"""Heads of D: from features to what a conditioning asks for."""

from collections.abc import Mapping

from torch import Tensor, nn

from worker.verdict import LabelAnswer


class ClassHeads(nn.Module):
    """One linear layer of class logits an attribute."""

    def __init__(self, n_features: int, classes: Mapping[str, int]) -> None:
        super().__init__()
        self.attributes = tuple(classes)
        # A list rather than a ModuleDict, which refuses attributes called "type" or "keys".
        self.layers = nn.ModuleList(nn.Linear(n_features, n_classes) for n_classes in classes.values())

    def by_attribute(self, features: Tensor) -> dict[str, Tensor]:
        """Attribute → (N, classes)."""
        return {name: layer(features) for name, layer in zip(self.attributes, self.layers, strict=True)}

    def forward(self, features: Tensor, labels: Tensor | None = None) -> LabelAnswer:
        """Class logits; the labels are not looked at."""
        return LabelAnswer(auxiliary=self.by_attribute(features))
