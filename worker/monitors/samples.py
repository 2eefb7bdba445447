"""Pictures that G makes, in rows and columns."""

from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, SampleGrid, TrainingView

MAX_CLASSES = 16
"""Rows or columns for classes; of an attribute that has more, the first ones are shown."""
ROWS_WITHOUT_LABELS = 8


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
        fixed = view.fixed
        labels = view.labels(MAX_CLASSES * MAX_CLASSES, fixed)
        attributes = [] if labels is None else list(view.dataset.attributes.values())
        shown = [classes[:MAX_CLASSES] for classes in attributes[:2]]
        row_labels = shown[0] if shown else None
        column_labels = shown[1] if len(shown) > 1 else None
        rows = len(row_labels) if row_labels else ROWS_WITHOUT_LABELS
        columns = len(column_labels) if column_labels else self.params.columns
        if labels is not None:
            cells = labels[: rows * columns]
            labels = _in_rows_and_columns(cells, rows, columns, has_second=column_labels is not None)
        pictures = view.generate(view.latents(rows * columns, fixed), labels)
        return Measurement(grids=[SampleGrid("samples", pictures, rows, columns, row_labels, column_labels)])


def _in_rows_and_columns(labels: Tensor, rows: int, columns: int, *, has_second: bool) -> Tensor:
    """Labels with the row's number as the first attribute's class, and the column's as the second's."""
    cells = torch.arange(rows * columns, device=labels.device)
    arranged = labels.clone()
    arranged[:, 0] = cells // columns
    if has_second:
        arranged[:, 1] = cells % columns
    return arranged
