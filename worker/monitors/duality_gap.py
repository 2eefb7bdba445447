"""How far from an equilibrium the game of two numbers is, at its last point and at its average one."""

from typing import Any, ClassVar

from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._two_numbers import averaged_standing, gap, standing


@monitors.register
class DualityGap(monitors.Monitor):
    """Duality gap of the game L = -θ ψ on |θ|, |ψ| ≤ r, at the players' last and at their average point.

    With network `dirac`, dataset `origin` and loss `wasserstein` G minimises L over θ and D maximises it over ψ. What
    both could gain together by a best answer to the other:

    gap(θ, ψ) = max_ψ' L(θ, ψ') - min_θ' L(θ', ψ) = r |θ| + r |ψ|.

    It is 0 at the equilibrium (0, 0) and nowhere else. Exact. The average point is what the run's averaging keeps:
    `uniform` keeps both players', `ema` G's alone; without averaging it is the last point. Penalties are not in it.

    Source: standard, as in Freund & Schapire 1999, doi:10.1006/game.1999.0738; the game is Mescheder, Geiger & Nowozin
    2018, arXiv:1801.04406, definition 2.1.
    """

    title: ClassVar[str] = "Duality gap"
    needs: ClassVar[dict[str, Any]] = {"two_numbers": True, "linear": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="duality_gap.last",
            unit="logits",
            meaning="What both players could gain by best answers within the radius, at the last point; exact.",
            high_is="bad",
        ),
        SeriesDescription(
            name="duality_gap.average",
            unit="logits",
            meaning="The same at the average point that the run's averaging keeps; without one, the last point; exact.",
            high_is="bad",
        ),
    )

    class Params(MonitorParams):
        """How often, and on which set."""

        every: int = Field(10, ge=1, le=1_000_000)
        """Steps between two looks."""
        radius: float = Field(1.0, gt=0, le=1000)
        """r: best answers are looked for in [-r, r]."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        last, average = gap(*standing(view), self.params.radius), gap(*averaged_standing(view), self.params.radius)
        return Measurement(scalars={"duality_gap.last": last, "duality_gap.average": average})
