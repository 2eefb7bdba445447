"""How sample grids are laid out: rows and columns by label where G takes any, else rows of latents."""

import torch
from torch import Tensor

from worker.monitors import SampleGrid, TrainingView

MAX_CLASSES = 16
"""Rows or columns for classes; of an attribute that has more, the first ones are shown."""
ROWS_WITHOUT_LABELS = 8


def sample_grid(view: TrainingView, series: str, columns: int, generator: torch.Generator) -> SampleGrid:
    """One grid of the latents and labels that come out of this stream."""
    labels = view.labels(MAX_CLASSES * MAX_CLASSES, generator)
    attributes = [] if labels is None else list(view.dataset.attributes.values())
    shown = [classes[:MAX_CLASSES] for classes in attributes[:2]]
    row_labels = shown[0] if shown else None
    column_labels = shown[1] if len(shown) > 1 else None
    rows = len(row_labels) if row_labels else ROWS_WITHOUT_LABELS
    columns = len(column_labels) if column_labels else columns
    if labels is not None:
        cells = labels[: rows * columns]
        labels = _in_rows_and_columns(cells, rows, columns, has_second=column_labels is not None)
    pictures = view.generate(view.latents(rows * columns, generator), labels)
    return SampleGrid(series, pictures, rows, columns, row_labels, column_labels)


def _in_rows_and_columns(labels: Tensor, rows: int, columns: int, *, has_second: bool) -> Tensor:
    """Labels with the row's number as the first attribute's class, and the column's as the second's."""
    cells = torch.arange(rows * columns, device=labels.device)
    arranged = labels.clone()
    arranged[:, 0] = cells // columns
    if has_second:
        arranged[:, 1] = cells % columns
    return arranged
