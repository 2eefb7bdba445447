"""Monitors: measure something every so many steps without disturbing the run.

The loop calls `measure` inside `undisturbed()`, times it, and switches off one that fails. A monitor neither
draws nor sends; it returns numbers, pictures and points.
"""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol

import torch
from torch import Tensor, nn

from contract.components import ComponentParams, SeriesDescription
from contract.events import Density, Eigenvalues, Points, Spectrum
from contract.spec import Player
from worker.datasets import Dataset
from worker.registry import Component, Family
from worker.verdict import Verdict


class TrainingView(Protocol):
    """The run as a monitor may see it: read only."""

    @property
    def step(self) -> int:
        """The step that has just ended."""

    @property
    def G(self) -> nn.Module:
        """The generator as it trains; `.grad` holds the last step's gradients."""

    @property
    def D(self) -> nn.Module:
        """The discriminator as it trains; `.grad` holds the last step's gradients."""

    @property
    def averaged_D(self) -> nn.Module:
        """D's average where the run keeps one, else D itself."""

    @property
    def dataset(self) -> Dataset:
        """What it is trained on."""

    @property
    def device(self) -> torch.device:
        """Where the players live; everything that goes in or comes out is there."""

    @property
    def generator(self) -> torch.Generator:
        """A private stream on the CPU, seeded by (run, monitor, step): the same look gives the same number."""

    @property
    def fixed(self) -> torch.Generator:
        """A private stream seeded by (run, monitor) alone: the same draws at every look."""

    def latents(self, n: int, generator: torch.Generator) -> Tensor:
        """(n, z_dim) draws from the prior."""

    def labels(self, n: int, generator: torch.Generator) -> Tensor | None:
        """(n, attributes) labels as training draws them for fakes; None when G takes no labels."""

    def generate(self, z: Tensor, labels: Tensor | None) -> Tensor:
        """(n, *sample) from the averaged G in eval mode, without gradients."""

    def own_loss(self, player: Player, parameters: Mapping[str, Tensor] | None = None) -> Tensor:
        """A player's own loss, penalties left out, on a batch that is the same at every look, with a graph.

        Batch normalisation works as in training, its statistics and spectral norm's vectors are left alone. With
        `parameters`, weights by name, it is that of a player that has these in place of its own.
        """

    def own_losses(self) -> Mapping[Player, Tensor]:
        """Both players' own losses, as `own_loss`, on one batch and with one graph to the weights of both."""

    def judge(self, x: Tensor, labels: Tensor | None = None) -> Verdict:
        """D in eval mode, without gradients; labels for a D that judges them too (projection).

        A D that sees several samples at once (packing) is shown copies of each.
        """

    def slope(self, x: Tensor) -> Tensor:
        """(n, *sample): the gradient of the logit that `judge` gives a sample, with respect to that sample.

        Minibatch layers couple the samples of a batch: there it is the gradient of the sum of their logits.
        """

    def packed(self, x: Tensor) -> Tensor:
        """(N, *sample) as D is shown them, with their graph: unchanged, or with packing m successive ones as one.

        Samples that do not fill a pack are left out.
        """


@dataclass(frozen=True)
class SampleGrid:
    """Pictures in rows and columns; encoded as PNG by the reporter's thread."""

    series: str
    samples: Tensor
    """(rows * columns, 3, height, width) in [-1, 1], row by row; may still be on the device."""
    rows: int
    columns: int
    row_labels: list[str] | None = None
    column_labels: list[str] | None = None


@dataclass(frozen=True)
class Measurement:
    """What one look yields; every name in it is declared in the monitor's `series`."""

    scalars: Mapping[str, float | Tensor] = field(default_factory=dict)
    grids: Sequence[SampleGrid] = ()
    points: Sequence[Points] = ()
    spectra: Sequence[Spectrum] = ()
    eigenvalues: Sequence[Eigenvalues] = ()
    densities: Sequence[Density] = ()


class MonitorParams(ComponentParams):
    """What every monitor has; a monitor gives `every` its own default."""

    every: int = 100
    """Steps between two looks."""


class Monitor(Component):
    """Measures every `params.every` steps, and at the first and the last step.

    One that needs to know of earlier looks keeps sums in `state_dict`, counts each step once, and is not stretchable.
    """

    stretchable: ClassVar[bool] = True
    """False when it must look exactly every `every` steps; it then counts nothing towards what watching may take."""

    Params: ClassVar[type[ComponentParams]] = MonitorParams
    params: Any  # the subclass's own Params, which has `every`

    repeatable: ClassVar[bool] = True
    """False when it measures the machine and not the run: the same look may then give other numbers."""

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """What it yields in this run: `series`, unless that depends on the data or on what the players are made of."""
        return self.series

    @abstractmethod
    def measure(self, view: TrainingView) -> Measurement:
        """One look."""


family: Family[Monitor] = Family("monitors", Monitor)
register = family.register
