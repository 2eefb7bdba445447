"""How sharply each player's loss curves: the ends of its Hessian's spectrum, and how far they turn."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import Cost, SeriesDescription
from contract.events import Eigenvalues
from contract.spec import Player
from worker import monitors
from worker.curvature.lanczos import LEAST, Eigenpairs, Extremes, extremes, largest_angle, start_near
from worker.curvature.products import HessianOperator
from worker.datasets import Dataset
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._players import PLAYERS, chosen
from worker.registry import InvalidParams

TOLERANCE = 0.01
"""Largest residual of a pair that has settled, relative to its own eigenvalue: the eigenvalue is within 1 % for sure.

The error goes with the residual's square, and was usually 1e-4 of it: see docs/concepts/hessian.md.
"""


def _described(where: str, whose: str) -> tuple[SeriesDescription, ...]:
    """The series of one player, or of one block."""
    name, unit = f"hessian.{where}", "loss per squared unit of weight"
    sure = "a residual within 1 % of itself, or NaN; fixed batch."
    return (
        SeriesDescription(
            name=f"{name}.top",
            unit=unit,
            meaning=f"Largest eigenvalue of the Hessian of {whose}, with {sure}",
            high_is="bad",
        ),
        SeriesDescription(
            name=f"{name}.bottom",
            unit=unit,
            meaning=f"Smallest eigenvalue of the Hessian of {whose}, with {sure}",
        ),
        SeriesDescription(
            name=f"{name}.residual",
            unit="share",
            meaning=f"Largest ‖Hv - λv‖/|λ| of all pairs looked for, in {whose}; above 0.01 some have not settled.",
            high_is="bad",
        ),
        SeriesDescription(
            name=f"{name}.products", unit="products", meaning=f"Hessian-vector products that the look at {whose} took."
        ),
        SeriesDescription(
            name=f"{name}.angle",
            unit="degrees",
            meaning=f"Largest angle between the sharpest directions of {whose} now and at the last look; NaN at first.",
        ),
        SeriesDescription(
            name=f"{name}.eigenvalues",
            kind="eigenvalues",
            unit=unit,
            meaning=f"Top and bottom eigenvalues of the Hessian of {whose} that have settled, each with ‖Hv - λv‖.",
        ),
    )


@monitors.register
class Hessian(monitors.Monitor):
    """Top and bottom eigenvalues of H = ∂²L/∂w² of each player's own loss L in that player's own weights w.

    L is without penalties, on a batch of real samples and latents that is the same throughout the run; batch
    normalisation as in training, spectral norm with its singular vectors held fixed, as training differentiates it.
    By Lanczos with full re-orthogonalisation, products by a second backward pass through a graph that is kept. A pair
    (λ, v), ‖v‖ = 1, has settled when ‖Hv - λv‖ ≤ 0.01 |λ|; an eigenvalue lies within that residual of λ for sure. A
    pair that has not settled is NaN in the scalars and left out of the list; where the loss is not finite all are NaN.
    That is about the fixed batch alone: another batch has other eigenvalues, and nothing here says by how much.

    With `fresh` above 1 a look tracks: it starts from the sum of the last look's eigenvectors and a random vector, and
    only one look in `fresh` from a random vector alone. Measured, that saves a tenth of the products at most once the
    directions have turned, and passes over a pair more often: so it is not the default.

    Source: eigenvalues of both players along training: Durall et al. 2020, arXiv:2012.09673 (abstract); products:
    Pearlmutter 1994, doi:10.1162/neco.1994.6.1.147.
    """

    title: ClassVar[str] = "Hessian"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "dear"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        *_described("g", "G's own loss"),
        *_described("d", "D's own loss"),
    )

    class Params(MonitorParams):
        """Whose spectrum, and how much of it."""

        every: int = Field(1000, ge=1, le=1_000_000)
        """Steps between two looks."""
        players: Literal["both", "G", "D"] = "both"
        """Whose Hessian."""
        k: int = Field(5, ge=1, le=20)
        """Eigenvalues at the top."""
        bottom: int = Field(1, ge=1, le=20)
        """Eigenvalues at the bottom."""
        products: int = Field(60, ge=40, le=1000)
        """Hessian-vector products that a look at one player, or block, may take."""
        fresh: int = Field(1, ge=1, le=1000)
        """Looks of which one starts from nothing; 1: all. More: the others track, which pays only a few steps apart."""
        blocks: list[str] = Field([], max_length=16)
        """Parts of players to look at besides, by module: `G.layers.0`, `D.hidden`; their weights alone are moved."""

    params: Params

    def __init__(self, params: Params, entry: str) -> None:
        super().__init__(params, entry)
        blocks = [series for block in params.blocks for series in _described(block, block)]
        self.series = (*Hessian.series, *blocks)  # type: ignore[misc]  # a run's own blocks, as `announced` reads them
        self._vectors: dict[str, Tensor] = {}
        self._numbers: dict[str, Tensor] = {}
        self._looks = 0
        self._looked_at = -1

    def measure(self, view: TrainingView) -> Measurement:
        """One look; at a step that was looked at already it repeats what it said, for its start is gone."""
        if view.step != self._looked_at:
            for where, player, weights in self._targets(view):
                self._look(view, where, player, weights)
            self._looks += 1
            self._looked_at = view.step
        scalars = {name: value for where in self._numbers for name, value in self._scalars(where).items()}
        return Measurement(scalars=scalars, eigenvalues=[self._eigenvalues(where) for where in self._numbers])

    def state_dict(self) -> dict[str, Tensor]:
        """Vectors (k + bottom, n) in float32 and numbers (6, k + bottom) of each target; looks, the last one's step."""
        vectors = {f"vectors.{where}": vectors for where, vectors in self._vectors.items()}
        numbers = {f"numbers.{where}": numbers for where, numbers in self._numbers.items()}
        return {**vectors, **numbers, "looks": torch.tensor(self._looks), "looked_at": torch.tensor(self._looked_at)}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on tracking."""
        self._looks, self._looked_at = int(state["looks"]), int(state["looked_at"])
        for kind, kept in (("vectors.", self._vectors), ("numbers.", self._numbers)):
            kept.clear()
            kept.update(
                {name.removeprefix(kind): each.clone() for name, each in state.items() if name.startswith(kind)}
            )

    def _targets(self, view: TrainingView) -> Iterator[tuple[str, Player, list[nn.Parameter]]]:
        for player in chosen(self.params.players):
            yield player.lower(), player, _weights(PLAYERS[player](view))
        for block in self.params.blocks:
            player, path = _place(block)
            yield block, player, _weights(PLAYERS[player](view).get_submodule(path))

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """All of them; called at the start, so that a block which no player has is said there.

        Raises:
            InvalidParams: if a block is none of its player's.
        """
        for block in self.params.blocks:
            player, path = _place(block)
            modules = (G if player == "G" else D).named_modules()
            names = [name for name, _ in modules if name and "parametrizations" not in name]
            if path and path not in names:
                has = ", ".join(f"{player}.{name}" for name in names)
                raise InvalidParams(f"{self.entry}.blocks: no block is called {block}; there are {has}")
        return self.series

    def _look(self, view: TrainingView, where: str, player: Player, weights: list[nn.Parameter]) -> None:
        operator = HessianOperator(lambda: view.own_loss(player), weights)
        last = self._vectors.get(where)
        tracking = last is not None and self._looks % self.params.fresh != 0
        found = extremes(
            operator,
            operator.n,
            top=self.params.k,
            bottom=self.params.bottom,
            generator=view.generator,
            device=operator.device,
            start=start_near(last.to(operator.device), view.generator) if last is not None and tracking else None,
            tolerance=TOLERANCE,
            relative_to="own",
            most_products=self.params.products,
        )
        self._keep(where, found, last)

    def _keep(self, where: str, found: Extremes, last: Tensor | None) -> None:
        top = found.top.vectors
        n_top = len(top)
        angle = largest_angle(last[:n_top], top) if last is not None else math.nan
        ends = (found.top, found.bottom)
        rows = [torch.cat([_row(end) for end in ends], dim=1)]
        counts = torch.tensor([[float(found.products)], [angle], [float(n_top)]], dtype=torch.float64)
        self._numbers[where] = torch.cat([*rows, counts.expand(3, rows[0].shape[1])])
        self._vectors.pop(where, None)
        if bool(found.top.values.isfinite().all()):
            self._vectors[where] = torch.cat([end.vectors for end in ends]).float()

    def _scalars(self, where: str) -> dict[str, float]:
        values, residuals, settled, products, angle, n_top = self._numbers[where]
        known = torch.where(settled > 0, values, math.nan)
        own = values.abs().maximum(LEAST * values.abs().max())
        relative = torch.where(residuals == 0, 0, residuals / own)
        name = f"hessian.{where}"
        return {
            f"{name}.top": float(known[0]),
            f"{name}.bottom": float(known[int(n_top[0])]),
            f"{name}.residual": float(relative.max()),
            f"{name}.products": float(products[0]),
            f"{name}.angle": float(angle[0]),
        }

    def _eigenvalues(self, where: str) -> Eigenvalues:
        """What has settled, and NaN where nothing is finite: that is not the same as nothing settled."""
        values, residuals, settled, products, _, _ = self._numbers[where]
        shown = (settled > 0) | values.isnan()
        return Eigenvalues(
            series=f"hessian.{where}.eigenvalues",
            real=values[shown].tolist(),
            residuals=residuals[shown].tolist(),
            products=int(products[0]),
        )


def _place(block: str) -> tuple[Player, str]:
    """Whose block it is, and the path of its module there; empty for the whole player."""
    letter, _, path = block.partition(".")
    return "G" if letter == "G" else "D", path


def _row(pairs: Eigenpairs) -> Tensor:
    """(3, m): values, residuals, whether settled."""
    return torch.stack([pairs.values, pairs.residuals, pairs.converged.double()])


def _weights(module: nn.Module) -> list[nn.Parameter]:
    return list(module.parameters())
