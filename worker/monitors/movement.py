"""How far both players have moved since the last look, and whether they still go the same way."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView

PLAYERS = ("g", "d")


@monitors.register
class Movement(monitors.Monitor):
    """Movement: how far each player's weights have come since the last look, and in which direction.

    With w_k all weights of a player at look k, at step t_k, and Δ_k = w_k - w_{k-1}:

    rate = ‖Δ_k‖₂ / (‖w_{k-1}‖₂ (t_k - t_{k-1})),  turn = cos(Δ_k, Δ_{k-1}).

    Rate is the update-to-weight ratio, of the way that is left when steps that undo each other are cancelled, a step:
    with `every` 1 that of the single step. Turn is the cosine of the angle of the path between looks: 1 on a straight
    line, 0 for independent moves or a quarter of a circle a look, -1 for a move that undoes the one before.
    Exact, summed in float64 over every weight; a parametrised weight is the raw one, which the optimiser moves. NaN at
    the first look, turn also at the second, and after looks between which nothing moved.

    It keeps w_{k-1} and Δ_{k-1} of both players, on the device and in checkpoints (two thirds as much again as weights
    and Adam's moments take), so a resumed run measures what an uninterrupted one does. Its interval is never stretched.

    The path angle of Berard et al. 2020, arXiv:1906.04848, is another thing: that of the game's field along the line
    from first to last weights.
    """

    title: ClassVar[str] = "Movement"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    stretchable: ClassVar[bool] = False
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        *(
            SeriesDescription(
                name=f"movement.rate.{letter}",
                unit="share of ‖w‖ a step",
                meaning=f"How far {letter.upper()}'s weights came since the last look, as a share of their norm, "
                "divided by the steps between; exact; NaN at the first look.",
            )
            for letter in PLAYERS
        ),
        *(
            SeriesDescription(
                name=f"movement.turn.{letter}",
                unit="cosine",
                meaning=f"Cosine of the angle between {letter.upper()}'s moves from look to look: 1 straight on, -1 "
                "back again; exact; NaN at the first two looks.",
            )
            for letter in PLAYERS
        ),
    )

    class Params(MonitorParams):
        """How often."""

        every: int = Field(25, ge=1, le=1_000_000)
        """Steps between two looks: the length of a move."""

    params: Params

    def __init__(self, params: Params, entry: str) -> None:
        super().__init__(params, entry)
        self._step = -1
        self._paths: dict[str, _Path] = {}

    def measure(self, view: TrainingView) -> Measurement:
        """One look; a step that was looked at already gives what it gave."""
        if view.step != self._step:
            steps = view.step - self._step if self._paths else 0
            for letter, player in (("g", view.G), ("d", view.D)):
                self._paths[letter] = _Path.of(player, self._paths.get(letter), steps)
            self._step = view.step
        rates = {f"movement.rate.{letter}": self._paths[letter].rate for letter in PLAYERS}
        turns = {f"movement.turn.{letter}": self._paths[letter].turn for letter in PLAYERS}
        return Measurement(scalars={**rates, **turns})

    def state_dict(self) -> dict[str, Tensor]:
        """The last look's step, numbers, weights and moves; nothing before the first look."""
        if not self._paths:
            return {}
        state = {"step": torch.tensor(self._step)}
        for letter, path in self._paths.items():
            state |= {f"{letter}.rate": path.rate, f"{letter}.turn": path.turn, f"{letter}.weights": path.weights}
            state |= {} if path.move is None else {f"{letter}.move": path.move}
        return state

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from that look."""
        if not state:
            return
        self._step = int(state["step"])
        self._paths = {
            letter: _Path(
                weights=state[f"{letter}.weights"].clone(),
                move=state[f"{letter}.move"].clone() if f"{letter}.move" in state else None,
                rate=state[f"{letter}.rate"].clone(),
                turn=state[f"{letter}.turn"].clone(),
            )
            for letter in PLAYERS
        }


@dataclass(frozen=True)
class _Path:
    """One player at a look, and how it came there."""

    weights: Tensor
    """(n,): all of them, one behind the other."""
    move: Tensor | None
    """(n,): since the look before; None at the first."""
    rate: Tensor
    turn: Tensor

    @classmethod
    def of(cls, player: nn.Module, before: "_Path | None", steps: int) -> "_Path":
        """Where the player is now, `steps` after the look before."""
        weights = torch.cat([parameter.detach().reshape(-1) for parameter in player.parameters()])
        unknown = torch.tensor(math.nan, dtype=torch.float64)
        if before is None:
            return cls(weights, None, unknown, unknown)
        came_from = before.weights.to(weights.device)
        move = weights - came_from
        length = _norm(move)
        rate = length / (_norm(came_from) * steps)
        if before.move is None:
            return cls(weights, move, rate, unknown)
        last = before.move.to(weights.device)
        return cls(weights, move, rate, move.double() @ last.double() / (length * _norm(last)))


def _norm(vector: Tensor) -> Tensor:
    norm: Tensor = torch.linalg.vector_norm(vector, dtype=torch.float64)
    return norm
