"""How a regulariser gives D features of its own: what the layers before the logit did not say."""

from typing import Protocol, runtime_checkable

from torch import nn


@runtime_checkable
class TakesFeatures(Protocol):
    """The end of a D that lets layers append features: `VerdictLayers` of the networks."""

    n_features: int
    """How many it has so far."""

    def append(self, layer: nn.Module, n_more: int) -> None:
        """Let a layer, (N, n_features) → (N, n_more), append features."""


class NowhereToAppend(ValueError):
    """D has no layer that takes features, so none can be appended."""


def verdict_layers(player: nn.Module, asking: str) -> TakesFeatures:
    """The end of D, from features to logit, which a network keeps as `verdict`.

    Raises:
        NowhereToAppend: if D does not end so.
    """
    found = getattr(player, "verdict", None)
    if not isinstance(found, TakesFeatures):
        raise NowhereToAppend(
            f"{asking} appends to D's features, but {type(player).__name__} has none; "
            "take a network that has some (mlp, dcgan), or leave it out"
        )
    return found
