"""How steeply each player's loss rises around the weights, whatever their scale."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from contract.spec import Player
from worker import monitors
from worker.curvature.line import rise
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._players import PLAYERS, chosen


def _described(player: Player) -> tuple[SeriesDescription, ...]:
    name = f"sharpness_line.{player.lower()}"
    return (
        SeriesDescription(
            name=f"{name}.rise",
            unit="loss",
            meaning=f"By how much {player}'s own loss is larger at ±r along random filter-normalised lines; mean of a "
            "few lines.",
            high_is="bad",
        ),
        SeriesDescription(
            name=f"{name}.rise.error", unit="loss", meaning="Standard error of that rise over the lines."
        ),
        SeriesDescription(
            name=f"{name}.loss", unit="loss", meaning=f"{player}'s own loss where it stands, on the fixed batch; exact."
        ),
    )


@monitors.register
class SharpnessLine(monitors.Monitor):
    """Sharpness along random lines: mean of ½ (L(w + r d) + L(w - r d)) - L(w), each filter of d as long as w's own.

    d is Gaussian, rescaled filter by filter, biases left out, so that a network whose layers are scaled up and down
    against each other, which computes the same, has the same number: an eigenvalue of the Hessian has not. The lines
    are the same draws at every look; r is a share of each filter's length. Loss, batch and normalisation as in the
    monitor `hessian`. The error is that over the lines.

    Source: Li et al. 2018, arXiv:1712.09913, section 4. Deviation: a number in place of a plot.
    """

    title: ClassVar[str] = "Sharpness along lines"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    series: ClassVar[tuple[SeriesDescription, ...]] = (*_described("G"), *_described("D"))

    class Params(MonitorParams):
        """Whose loss, how far, how often."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        players: Literal["both", "G", "D"] = "both"
        """Whose loss."""
        radius: float = Field(0.1, gt=0, le=10)
        """r: how far along the lines, in lengths of each filter."""
        lines: int = Field(4, ge=2, le=100)
        """Random lines; the standard error falls with the root of their number."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        scalars: dict[str, float | Tensor] = {}
        for player in chosen(self.params.players):
            found = rise(
                lambda weights, player=player: view.own_loss(player, weights),  # type: ignore[misc]  # bound early
                PLAYERS[player](view),
                radius=self.params.radius,
                directions=self.params.lines,
                generator=view.fixed,
            )
            name = f"sharpness_line.{player.lower()}"
            scalars |= {f"{name}.rise": found.rise, f"{name}.rise.error": found.stderr, f"{name}.loss": found.loss}
        return Measurement(scalars=scalars)
