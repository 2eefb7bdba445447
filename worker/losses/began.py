"""The boundary equilibrium game: an auto-encoder D, and a controller that keeps the two players even."""

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor

from contract.components import ComponentParams, SeriesDescription
from contract.knobs import knob
from worker import losses
from worker.verdict import Verdict


@losses.register
class Began(losses.Loss):
    """Boundary equilibrium loss (BEGAN): D reconstructs real samples well and G's badly, held in balance by k.

    With the reconstruction error L(v) = -D(v) ≥ 0 of an auto-encoder D (its logit is minus the error, so that a high
    logit means real here too), each a mean over the batch:
    L_D = L(x) - k L(G(z)),  L_G = L(G(z)).
    After each step  k ← clip(k + λ_k (γ L(x) - L(G(z_G))), 0, 1), from k = 0, where L(G(z_G)) is the error that G's own
    phase saw and L(x) that of D's last phase. At k = 0 D does not look at fakes. Zero errors give L_D = L_G = 0.
    γ is the ratio of the two errors that k steers for: low asks for sharp samples at the price of diversity, high for
    diverse ones at the price of quality. M_global = L(x) + |γ L(x) - L(G(z_G))| falls while training gets on.

    Source: Berthelot, Schumm & Metz 2017, arXiv:1703.10717; k's start and λ_k = 0.001 as in the public code
    carpedm20/BEGAN-tensorflow. Deviation: D's fakes and G's are drawn apart, where that code uses one batch for both.
    """

    title: ClassVar[str] = "BEGAN (auto-encoder D)"
    needs: ClassVar[Mapping[str, Any]] = {"reconstruction": True}
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="<entry>.k",
            unit="share",
            meaning="Weight k of the fakes in D's loss, from the next step on; 0 to 1.",
        ),
        SeriesDescription(
            name="<entry>.m_global",
            unit="reconstruction error",
            meaning="L(x) + |γ L(x) - L(G(z))|, of this step's batches: falls while training gets on.",
            high_is="bad",
        ),
        SeriesDescription(
            name="<entry>.ratio",
            unit="ratio",
            meaning="L(G(z)) / L(x), of this step's batches: what k steers to γ.",
        ),
    )

    class Params(ComponentParams):
        """What balance, and how fast it is sought."""

        gamma: float = knob(0.5, ge=0, le=1, unit="ratio")
        """γ: the error on fakes, as a share of that on real samples, at balance. High is diverse, low is sharp."""
        lambda_k: float = knob(0.001, ge=0, le=1, scale="log", unit="per unit of error")
        """λ_k: how far k moves a step for each unit of imbalance; at 0 it stays where it is."""

    params: Params

    def __init__(self, params: Any, entry: str) -> None:  # Any: as in the base
        super().__init__(params, entry)
        self._k = torch.zeros(())

    def discriminator(self, real: Verdict, fake: Verdict) -> Tensor:
        """Scalar, reconstruction error, mean over the batch."""
        # While k is a number on the CPU, a GPU takes it as an argument of the kernel: nothing waits.
        return self._k * fake.logits.mean() - real.logits.mean()

    def generator(self, real: Verdict | None, fake: Verdict) -> Tensor:
        """Scalar, reconstruction error, mean over the batch."""
        return -fake.logits.mean()

    def after_step(self, real: Verdict, fake: Verdict) -> Mapping[str, Tensor]:
        """Move k; it lives where the logits do from here on."""
        on_real, on_fake = -real.logits.mean(), -fake.logits.mean()
        imbalance = self.params.gamma * on_real - on_fake
        # A new tensor, never one changed in place: those that were reported may not have been read yet.
        self._k = (self._k + self.params.lambda_k * imbalance).clamp(0, 1)
        reported = {
            "<entry>.k": self._k,
            "<entry>.m_global": on_real + imbalance.abs(),
            "<entry>.ratio": on_fake / on_real,
        }
        return {self.series_name(name): value for name, value in reported.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """k, a 0-d tensor."""
        return {"k": self._k}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from that k."""
        self._k = state["k"].clone()
