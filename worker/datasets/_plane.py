"""Gaussian mixtures in the plane, as PacGAN's protocol has them, and the exact judge that goes with them."""

from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from contract.components import ModeNames
from worker.datasets import Dataset, Judge, Judgement
from worker.datasets._shaping import kept_samples

POINTS_SEED = 1712_04086
"""The points are always these: the set is one finite set, not a stream."""
GOOD_WITHIN_STD = 3.0
"""Radius of a high-quality sample, in standard deviations: PacGAN, section 4.1."""


class GeometryJudge(Judge):
    """Says which centre a point is nearest to, and whether it is within 3 standard deviations of it.

    Exact: no network, no sampling. With equal round covariances the nearest centre is also the nearest one by
    Mahalanobis distance. A perfect sampler scores 1 - exp(-9/2) = 98.9 % good, not 100 %.
    """

    def __init__(self, centres: Tensor, std: float, mode_names: list[str]) -> None:
        self.mode_names = mode_names
        self._centres = centres.double()
        self._std = std

    def __call__(self, samples: Tensor) -> Judgement:
        """Judge points of shape (N, 2)."""
        centres = self._centres.to(samples.device)
        # Differences in float64: torch.cdist would expand the square, which loses std = 0.01 beside a radius of 1.
        distances = (samples.double()[:, None] - centres).square().sum(-1).sqrt()
        nearest, mode = distances.min(1)
        labels = torch.empty(len(samples), 0, dtype=torch.int64, device=samples.device)
        return Judgement(mode=mode, good=nearest < GOOD_WITHIN_STD * self._std, labels=labels)


class GaussianMixture(Dataset):
    """Base of sets of points around centres, each centre as likely as the next until its Shaping says otherwise."""

    params: Any  # the subclass's own Params, a Shaping with `n` and `std`
    provides: ClassVar[dict[str, Any]] = {"sample": "points", "judge": True}
    shape = (2,)

    places: ClassVar[tuple[str, ...]] = ()
    """The params that move centres; without them the catalogue does not name the modes."""

    @classmethod
    def known_modes(cls) -> ModeNames | None:
        """Each centre's coordinates."""
        if not cls.places:
            return None
        return ModeNames(names=cls(cls.Params(), "").mode_names(), depend_on=list(cls.places))

    def mode_names(self) -> list[str]:
        """Each centre's coordinates, in the order of the centres."""
        return [_name(x, y) for x, y in self.centres().tolist()]

    @abstractmethod
    def centres(self) -> Tensor:
        """(modes, 2) float64: where the Gaussians stand."""

    def prepare(self, cache: Path) -> None:
        """Draw the points, then leave out what the params leave out; nothing is read or kept.

        Raises:
            InvalidParams: if what is to be dropped is unknown, or all there is.
        """
        centres = self.centres()
        generator = torch.Generator().manual_seed(POINTS_SEED)
        chosen = torch.randint(len(centres), (self.params.n,), generator=generator)
        noise = torch.randn(self.params.n, 2, generator=generator, dtype=torch.float64)
        names = self.mode_names()
        self.attributes = {}
        kept = kept_samples(self.params, chosen, names, self.attributes)
        points = (centres[chosen] + self.params.std * noise).float()
        self.samples = points if kept is None else points[kept]
        self.labels = torch.empty(len(self.samples), 0, dtype=torch.int64)
        self.judge = GeometryJudge(centres, self.params.std, names)


def _name(x: float, y: float) -> str:
    """A centre's coordinates; 0 is 0, though the cosine of a right angle is 6e-17."""
    return f"({round(x, 9) + 0.0:.3g}, {round(y, 9) + 0.0:.3g})"
