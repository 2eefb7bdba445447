"""How a regulariser gives D features of its own: what the layers before the logit did not say."""

from torch import nn

from worker.networks._parts import VerdictLayers


class NowhereToAppend(ValueError):
    """D has no layer that takes features, so none can be appended."""


def verdict_layers(player: nn.Module, asking: str) -> VerdictLayers:
    """The end of D, from features to logit.

    Raises:
        NowhereToAppend: if D does not end so.
    """
    found = getattr(player, "verdict", None)
    if not isinstance(found, VerdictLayers):
        raise NowhereToAppend(
            f"{asking} appends to D's features, but {type(player).__name__} has none; "
            "take a network that has some (mlp, dcgan), or leave it out"
        )
    return found
