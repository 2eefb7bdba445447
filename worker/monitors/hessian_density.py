"""The whole spectrum of each player's Hessian, coarsely: its density and its trace."""

from typing import ClassVar, Literal

from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from contract.events import Density
from contract.spec import Player
from worker import monitors
from worker.curvature.density import SpectralDensity, density
from worker.curvature.products import HessianOperator
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._players import PLAYERS, chosen


def _described(player: Player) -> tuple[SeriesDescription, ...]:
    name, unit = f"hessian_density.{player.lower()}", "loss per squared unit of weight"
    return (
        SeriesDescription(
            name=name,
            kind="density",
            unit=f"share per {unit}",
            meaning=f"Density of the eigenvalues of the Hessian of {player}'s own loss, with its standard error over "
            "random probes; smoothed, integral 1.",
        ),
        SeriesDescription(
            name=f"{name}.trace",
            unit=unit,
            meaning=f"Sum of all eigenvalues of that Hessian of {player}, estimated from the same probes.",
        ),
        SeriesDescription(
            name=f"{name}.trace.error", unit=unit, meaning="Standard error of the trace over the probes."
        ),
    )


@monitors.register
class HessianDensity(monitors.Monitor):
    """Density of the eigenvalues of H = ∂²L/∂w² of each player's own loss, and their sum tr H.

    By stochastic Lanczos quadrature: `probes` vectors of random signs, `steps` products each, full
    re-orthogonalisation in float64. density(t) = mean over probes of Σ_i τ_i N(t; θ_i, width²) at 128 points, width
    the distance of two of them; tr H = n · mean of vᵀ H v. Both with their standard error over the probes, which with
    few probes is itself uncertain by a third to a half. Loss, batch and normalisation as in the monitor `hessian`. The
    probes are the same at every look.

    Source: Ubaru, Chen & Saad 2017, doi:10.1137/16M1104974; for networks Ghorbani, Krishnan & Xiao 2019,
    arXiv:1901.10159; trace: Hutchinson 1990, doi:10.1080/03610919008812866.
    """

    title: ClassVar[str] = "Hessian density"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "dear"
    series: ClassVar[tuple[SeriesDescription, ...]] = (*_described("G"), *_described("D"))

    class Params(MonitorParams):
        """Whose spectrum, and from how many products."""

        every: int = Field(5000, ge=1, le=1_000_000)
        """Steps between two looks."""
        players: Literal["both", "G", "D"] = "both"
        """Whose Hessian."""
        probes: int = Field(4, ge=2, le=100)
        """Random vectors; the standard error falls with the root of their number."""
        steps: int = Field(30, ge=2, le=300)
        """Products for each of them: more resolve the bulk more finely."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        found = {player: self._look(view, player) for player in chosen(self.params.players)}
        scalars: dict[str, float | Tensor] = {}
        for player, spectrum in found.items():
            name = f"hessian_density.{player.lower()}.trace"
            scalars |= {name: spectrum.trace, f"{name}.error": spectrum.trace_stderr}
        return Measurement(scalars=scalars, densities=[_body(player, spectrum) for player, spectrum in found.items()])

    def _look(self, view: TrainingView, player: Player) -> SpectralDensity:
        operator = HessianOperator(lambda: view.own_loss(player), list(PLAYERS[player](view).parameters()))
        probes, steps = self.params.probes, self.params.steps
        return density(operator, operator.n, probes=probes, steps=steps, generator=view.fixed, device=operator.device)


def _body(player: Player, spectrum: SpectralDensity) -> Density:
    return Density(
        series=f"hessian_density.{player.lower()}",
        at=spectrum.at.tolist(),
        density=spectrum.density.tolist(),
        stderr=spectrum.stderr.tolist(),
    )
