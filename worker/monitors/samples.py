"""Pictures that G makes, in rows and columns."""

from typing import Any, ClassVar

from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._grids import sample_grid


@monitors.register
class Samples(monitors.Monitor):
    """Sample grid: what G makes of the same latents, at every look.

    G takes labels of two or more attributes: rows are the classes of the first, columns those of the second, one
    latent a cell, further attributes as the data have them. Of one attribute: rows are its classes, `columns` latents
    each. Of none: 8 rows of `columns` latents. The latents stay the same from look to look, so that a cell can be
    followed. Pictures of the averaged G in eval mode. No estimate: it shows what it shows.
    """

    title: ClassVar[str] = "Sample grid"
    needs: ClassVar[dict[str, Any]] = {"sample": "image"}
    chart: ClassVar[str] = "grid"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="samples",
            kind="grid",
            meaning="What G makes of the same latents at every look; each row and column of a class was asked for it.",
        ),
    )

    class Params(MonitorParams):
        """How often, and how wide."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        columns: int = Field(8, ge=1, le=16)
        """Pictures in a row, where columns do not stand for a second attribute."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One grid."""
        return Measurement(grids=[sample_grid(view, "samples", self.params.columns, view.fixed)])
