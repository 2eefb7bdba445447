"""Pictures that G makes of latents that it has not been seen with before."""

from typing import Any, ClassVar

from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._grids import sample_grid


@monitors.register
class FreshSamples(monitors.Monitor):
    """Fresh samples: what G makes of other latents at every look, laid out as `samples` is.

    The latents are drawn anew from the prior at each look, by (run, monitor, step): the same look gives the same
    pictures. A grid of fixed latents shows how a cell moves; this one shows how different G's pictures are at all.
    Pictures of the averaged G in eval mode. No estimate: it shows what it shows.
    """

    title: ClassVar[str] = "Fresh samples"
    needs: ClassVar[dict[str, Any]] = {"sample": "image"}
    chart: ClassVar[str] = "grid"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="fresh_samples",
            kind="grid",
            meaning="What G makes of new latents at every look; each row and column of a class was asked for it.",
        ),
    )

    class Params(MonitorParams):
        """How often, and how wide."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        columns: int = Field(8, ge=1, le=16)
        """Pictures in a row, where columns do not stand for a second attribute."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One grid."""
        return Measurement(grids=[sample_grid(view, "fresh_samples", self.params.columns, view.generator)])
