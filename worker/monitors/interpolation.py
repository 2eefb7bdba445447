"""What G makes of the way from one latent to another."""

import math
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, SampleGrid, TrainingView


@monitors.register
class Interpolation(monitors.Monitor):
    """Interpolation strips: each row leads from one latent a to another b, in equal parts of a quarter turn.

    z(t) = cos(πt/2) a + sin(πt/2) b for t from 0 to 1. With a and b independent draws from the prior N(0, I), every
    z(t) is a draw from it, too, so that each picture is one that G was trained to make. A straight line would pass
    through latents shorter than any that G has met. A row keeps one label where G takes any. The latents and labels
    are the same at every look. Pictures of the averaged G in eval mode. No estimate: it shows what it shows.

    Source: White 2016, Sampling Generative Networks, arXiv:1609.04468, for walking on the sphere and not through it.
    Deviation: the turn is of 90 degrees, which keeps the prior's law exactly, and not of the angle between a and b.
    """

    title: ClassVar[str] = "Interpolation"
    needs: ClassVar[dict[str, Any]] = {"sample": "image"}
    chart: ClassVar[str] = "grid"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="interpolation",
            kind="grid",
            meaning="What G makes of the way from one latent to another, a row each; the same latents at every look.",
        ),
    )

    class Params(MonitorParams):
        """How often, how many strips, how fine."""

        every: int = Field(500, ge=1, le=1_000_000)
        """Steps between two looks."""
        strips: int = Field(8, ge=1, le=16)
        """Rows, each between two latents of its own."""
        pictures: int = Field(8, ge=3, le=16)
        """Pictures in a row, both ends among them."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One grid."""
        strips, pictures = self.params.strips, self.params.pictures
        ends = view.latents(2 * strips, view.fixed)
        labels = view.labels(strips, view.fixed)
        z = quarter_turns(ends[:strips], ends[strips:], pictures)
        made = view.generate(z, None if labels is None else labels.repeat_interleave(pictures, dim=0))
        return Measurement(grids=[SampleGrid("interpolation", made, strips, pictures)])


def quarter_turns(a: Tensor, b: Tensor, n: int) -> Tensor:
    """(rows · n, z_dim): n latents a row from a to b, both (rows, z_dim), ends exact, row by row."""
    angle = torch.linspace(0, math.pi / 2, n, dtype=torch.float64)
    to_a, to_b = angle.cos().to(a), angle.sin().to(a)
    to_a[-1] = 0  # cos(π/2) of the nearest float is not
    return (to_a[:, None] * a[:, None] + to_b[:, None] * b[:, None]).flatten(0, 1)
