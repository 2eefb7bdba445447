"""Adam that does not follow the sharpest directions of its player's loss."""

import math
from collections.abc import Callable, Iterable, Mapping
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.optim import Optimizer

from contract.components import SeriesDescription
from contract.knobs import knob
from worker import optimisers
from worker.curvature.lanczos import Eigenpairs, extremes
from worker.curvature.products import HessianOperator, unflattened
from worker.optimisers import UpdateView
from worker.optimisers._adam import AdamLike, AdamParams, adam_direction
from worker.optimisers._memory_order import kept_in_order

TOLERANCE = 1e-3
"""Largest residual of a pair that is used, relative to the Hessian's largest Ritz value."""
OWN_TOLERANCE = 0.1
"""Largest residual of a pair that is used, relative to its own eigenvalue."""

Nudge = Callable[[list[Tensor]], list[Tensor]]


class _NudgedAdam(Optimizer):
    """Adam that hands its directions to `nudge` before it goes along them. One group."""

    nudge: Nudge | None = None

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]  # no closures here
        [group] = self.param_groups
        weights: list[Tensor] = group["params"]
        directions = [
            torch.zeros_like(weight) if weight.grad is None else adam_direction(weight.grad, self.state[weight], group)
            for weight in weights
        ]
        if self.nudge is not None:
            directions = self.nudge(directions)
        for weight, direction in zip(weights, directions, strict=True):
            if weight.grad is not None:
                weight.sub_(direction, alpha=group["lr"])


@optimisers.register
class NudgedAdam(AdamLike):
    """Nudged Adam (NuGAN): removes the gradient's share along the sharpest directions of the player's own loss.

    Every T steps: the k algebraically largest eigenpairs (λ_i, v_i) of H = ∂²L/∂w², with L the player's own loss,
    penalties left out, on a batch that is the same throughout the run, and w this player's weights alone. Then, at
    every step, with P x = x - (1 - c) Σ_{i: λ_i > τ} <x, v_i> v_i:

    `gradient`: Adam is given P g. Adam's scaling, element by element, and its memory bring back a part of what was
    removed. `update`: Adam is given g, and goes along P d, with d its direction m̂ / (√v̂ + ε); at each look its
    memory m is replaced by P m once. Which player is nudged is decided by where the optimiser is put.

    An eigenpair that has not settled within the products (residual above 1e-3 of the largest eigenvalue, or above a
    tenth of its own) is not used. A look
    costs up to `products` double backward passes and 16 · products · weights bytes, and waits for the device: for G on
    one core as long as 120 steps of Adam for the ring's networks, 90 for those of the digits, so that T = 50 makes a
    step two to three times as long.

    Source: Durall et al. 2020, arXiv:2012.09673. Its abstract says that sharp minima of G go with mode collapse and
    that this optimiser uses spectral information; the rule itself, k, τ, T, c, the batch and the player are here as a
    public re-implementation describes them, and in the manner of Nudged-SGD (Jastrzębski et al. 2019,
    arXiv:1807.05031): not confirmed to be the paper's.
    """

    title: ClassVar[str] = "Nudged Adam (NuGAN)"
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        *optimisers.OptimiserComponent.series,
        SeriesDescription(
            name="<entry>.eigenvalue",
            unit="loss per squared unit of weight",
            meaning="Largest eigenvalue of the Hessian of the player's own loss on a fixed batch, at each look; within "
            "1e-3 of itself or of the largest in size; NaN where it has not settled.",
            high_is="bad",
        ),
        SeriesDescription(
            name="<entry>.nudged",
            unit="directions",
            meaning="Of the k sharpest directions, those that have settled and lie above the threshold, at each look.",
        ),
    )

    class Params(AdamParams):
        """Adam's, and which directions are spared how much."""

        k: int = Field(5, ge=1, le=20)
        """Directions that are looked for."""
        threshold: float = knob(0.0, ge=0, le=1e9)
        """τ: a direction is nudged when its eigenvalue is above this; 0: all that curve upwards."""
        strength: float = knob(0.0, ge=0, le=1)
        """c: share that is left along a nudged direction; 0 removes it wholly, 1 is plain Adam."""
        every: int = knob(50, ge=1, le=1_000_000, unit="steps")
        """T: steps between two looks at the Hessian; the first is at step 1."""
        variant: Literal["gradient", "update"] = "gradient"
        """What is nudged: the gradient that Adam is given, or the update that comes out."""
        products: int = Field(80, ge=25, le=1000)
        """Products with the Hessian that a look may take."""

    params: Params

    def __init__(self, params: Params, entry: str) -> None:
        super().__init__(params, entry)
        self._looked_at = 0

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """The optimiser of one player; knows no directions yet."""
        weights = list(parameters)
        adam = _NudgedAdam(weights, {"eps": self.params.eps})
        if self.params.variant == "update":
            adam.nudge = self._nudged
        self._eigenvalues = torch.full((self.params.k,), -math.inf, dtype=torch.float64)
        n = sum(weight.numel() for weight in weights)
        self._directions = torch.zeros(self.params.k, n, dtype=weights[0].dtype, device=weights[0].device)
        self.refresh(adam, step=1)
        return kept_in_order(adam)

    def before_update(self, optimiser: Optimizer, view: UpdateView) -> Mapping[str, Tensor | float]:
        """Look at the Hessian when it is due, once a step; nudge the gradients where they are what is nudged."""
        is_due = (view.step - 1) % self.params.every == 0 and self._looked_at != view.step
        report = self._look(view) if is_due else {}
        with torch.no_grad():
            if self.params.variant == "gradient":
                self._nudge_in_place([weight.grad for weight in view.parameters], view.parameters)
            elif is_due:
                moments = [optimiser.state.get(weight, {}).get("exp_avg") for weight in view.parameters]
                self._nudge_in_place(moments, view.parameters)
        return report

    def state_dict(self) -> dict[str, Tensor]:
        """Directions (k, n), those in use first and zeros behind, and eigenvalues (k,), -∞ behind."""
        return {"directions": self._directions, "eigenvalues": self._eigenvalues}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on with directions that were found earlier."""
        self._directions.copy_(state["directions"])
        self._eigenvalues.copy_(state["eigenvalues"])

    def _look(self, view: UpdateView) -> dict[str, Tensor | float]:
        operator = HessianOperator(view.own_loss, view.parameters)
        same_start = torch.Generator().manual_seed(0)
        found = extremes(
            operator,
            operator.n,
            top=self.params.k,
            generator=same_start,
            device=operator.device,
            tolerance=TOLERANCE,
            most_products=self.params.products,
        ).top
        self._keep(found)
        self._looked_at = view.step
        largest = float(found.values[0]) if found.converged[0] else math.nan
        return {"<entry>.eigenvalue": largest, "<entry>.nudged": float(self._n_nudged)}

    def _keep(self, found: Eigenpairs) -> None:
        # Beside one huge eigenvalue a residual that is small against it says nothing of the others: a direction counts
        # when it is known well against its own eigenvalue too.
        known = found.converged & (found.residuals <= OWN_TOLERANCE * found.values.abs())
        values, vectors = found.values[known], found.vectors[known.to(found.vectors.device)]
        self._eigenvalues.fill_(-math.inf)[: len(values)] = values
        self._directions.zero_()[: len(values)] = vectors.to(self._directions.dtype)

    @property
    def _n_nudged(self) -> int:
        """Eigenvalues fall from first to last, so these are the first so many; known without asking the device."""
        return int((self._eigenvalues > self.params.threshold).sum())

    def _nudged(self, parts: list[Tensor]) -> list[Tensor]:
        """P applied to tensors in the shapes of the weights."""
        if self._n_nudged == 0 or self.params.strength == 1:
            return parts
        sharp = self._directions[: self._n_nudged]
        flat = torch.cat([part.reshape(-1) for part in parts])
        flat = flat - (1 - self.params.strength) * ((sharp @ flat) @ sharp)
        return unflattened(flat, parts)

    def _nudge_in_place(self, parts: list[Tensor | None], weights: list[nn.Parameter]) -> None:
        """P applied to those that there are; a missing one counts as zeros and stays missing."""
        filled = [torch.zeros_like(w) if part is None else part for part, w in zip(parts, weights, strict=True)]
        for part, nudged in zip(parts, self._nudged(filled), strict=True):
            if part is not None and part is not nudged:
                part.copy_(nudged)
