"""How much each player would have gained by standing still at the best place, in the game of two numbers."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._two_numbers import standing


@monitors.register
class Regret(monitors.Monitor):
    """External regret of both players so far, in the game L = -θ ψ on |θ|, |ψ| ≤ r.

    With network `dirac`, dataset `origin` and loss `wasserstein` G minimises L over θ and D maximises it over ψ (x = θ
    and y = -ψ make it L = x y). Round s is the point (θ_s, ψ_s) after step s, the start included, T = steps + 1:

    R_G = Σ -θ_s ψ_s - min_θ Σ -θ ψ_s = -Σ θ_s ψ_s + r |Σ ψ_s|,  R_D = Σ θ_s ψ_s + r |Σ θ_s|,
    per round = (R_G + R_D)/T, which bounds the duality gap of the average point from above (here it equals it).

    Exact, summed in float64 over every step. A player that has no regret has R = o(T). One regret alone may be
    negative where a player stands outside of r. Penalties are not in it. With alternating updates G meets a ψ that is
    one update newer than its round's.

    Source: Kodali et al. 2017, arXiv:1705.07215, section on no-regret learning; Freund & Schapire 1999,
    doi:10.1006/game.1999.0738.
    """

    title: ClassVar[str] = "Regret"
    needs: ClassVar[dict[str, Any]] = {"two_numbers": True, "linear": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    stretchable: ClassVar[bool] = False
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="regret.g",
            unit="logits",
            meaning="What G has lost so far against the best fixed θ within the radius, over all steps; exact.",
            high_is="bad",
        ),
        SeriesDescription(
            name="regret.d",
            unit="logits",
            meaning="What D has lost so far against the best fixed ψ within the radius, over all steps; exact.",
            high_is="bad",
        ),
        SeriesDescription(
            name="regret.per_round",
            unit="logits",
            meaning="Both regrets together, divided by the rounds; the average point's duality gap is at most this.",
            high_is="bad",
        ),
    )

    class Params(MonitorParams):
        """The set that the players are compared on."""

        every: int = Field(1, ge=1, le=1)
        """Regret is a sum over all steps: this monitor looks after each."""
        radius: float = Field(1.0, gt=0, le=1000)
        """r: the best fixed θ and ψ are looked for in [-r, r]."""

    params: Params

    def __init__(self, params: Params, entry: str) -> None:
        super().__init__(params, entry)
        self._sums = torch.zeros(3, dtype=torch.float64)
        self._rounds = 0
        self._counted = -1

    def measure(self, view: TrainingView) -> Measurement:
        """One look; a step that was counted already, before a checkpoint, is not counted again."""
        if view.step != self._counted:
            theta, psi = standing(view)
            self._sums = self._sums.to(view.device) + torch.stack([theta, psi, theta * psi])
            self._rounds += 1
            self._counted = view.step
        thetas, psis, products = self._sums
        regret_g = self.params.radius * psis.abs() - products
        regret_d = self.params.radius * thetas.abs() + products
        per_round = (regret_g + regret_d) / self._rounds
        return Measurement(scalars={"regret.g": regret_g, "regret.d": regret_d, "regret.per_round": per_round})

    def state_dict(self) -> dict[str, Tensor]:
        """Σθ, Σψ, Σθψ; how many rounds they are of, and the last step in them."""
        return {
            "sums": self._sums,
            "rounds": torch.tensor(self._rounds),
            "counted": torch.tensor(self._counted),
        }

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on summing."""
        self._sums = state["sums"].clone()
        self._rounds, self._counted = int(state["rounds"]), int(state["counted"])
