"""Gaussians on a circle: the smallest set on which mode collapse can be counted."""

import math
from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from worker import datasets
from worker.datasets._plane import GaussianMixture
from worker.datasets._shaping import Shaping


@datasets.register
class Ring(GaussianMixture):
    """Ring: 8 Gaussians on a circle of radius 1, standard deviation 0.01.

    Mode k stands at radius · (cos 2πk/modes, sin 2πk/modes), k = 0 … modes - 1, and all are equally likely. The angle
    2π is left out: a set made with linspace(0, 2π, 8) has the first mode twice, and only 7 modes.
    Judged by exact geometry: nearest mode; good within 3 standard deviations, which a perfect sampler is for 98.9 %.

    Source: the 2D-ring of Lin et al. 2018 (PacGAN), arXiv:1712.04086, section 4.1, after Srivastava et al. 2017.
    """

    title: ClassVar[str] = "Ring (8 Gaussians)"
    source: ClassVar[str] = "Drawn here from a fixed seed, by the protocol of Lin et al. 2018, arXiv:1712.04086."

    places: ClassVar[tuple[str, ...]] = ("modes", "radius")

    class Params(Shaping):
        """Where the Gaussians stand."""

        modes: int = Field(8, ge=2, le=64)
        """Number of Gaussians."""
        radius: float = Field(1.0, gt=0, le=10)
        """Radius of the circle."""
        std: float = Field(0.01, gt=0, le=1)
        """Standard deviation of each Gaussian, in each direction."""
        n: int = Field(100_000, ge=100, le=1_000_000)
        """Points in the set."""

    params: Params

    def centres(self) -> Tensor:
        """(modes, 2): anticlockwise from (radius, 0)."""
        angles = torch.arange(self.params.modes, dtype=torch.float64) * (2 * math.pi / self.params.modes)
        return self.params.radius * torch.stack([angles.cos(), angles.sin()], dim=1)
