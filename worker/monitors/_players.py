"""Which players a monitor of curvature looks at."""

from collections.abc import Callable, Mapping
from typing import Literal

from torch import nn

from contract.spec import Player
from worker.monitors import TrainingView

PLAYERS: Mapping[Player, Callable[[TrainingView], nn.Module]] = {"G": lambda view: view.G, "D": lambda view: view.D}
"""Player → its network, as it trains."""


def chosen(players: Literal["both", "G", "D"]) -> list[Player]:
    """The players that a `players` param names."""
    return ["G", "D"] if players == "both" else [players]
