"""A user's own regulariser, as MODESCOPE_PLUGINS takes it, that ends its run in the way that it is told."""

import os
import signal
from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import ComponentParams
from worker import regularisers
from worker.regularisers import PenaltyView


@regularisers.register
class Poison(regularisers.Regulariser):
    """Nothing until its step; then the end.

    Source: none.
    """

    title: ClassVar[str] = "Poison"
    player = "D"

    class Params(ComponentParams):
        """How it ends."""

        weight: float = Field(1.0, ge=0)
        """Factor before the penalty."""
        every: int = Field(1, ge=1)
        """Steps between two penalties."""
        kind: Literal["start", "memory", "killed", "nan"] = "start"
        """While it is built; out of memory; by the kernel, as when the machine is out of memory; with NaN."""

    params: Params

    def build(self, player: nn.Module) -> None:
        """Change nothing.

        Raises:
            RuntimeError: if it is to end at the start.
        """
        if self.params.kind == "start":
            raise RuntimeError("poisoned at the start")

    def penalty(self, view: PenaltyView) -> Tensor:
        """Scalar: 0 until step 3."""
        if view.step >= 3 and self.params.kind == "memory":
            torch.empty(1 << 50)
        if view.step >= 3 and self.params.kind == "killed":
            os.kill(os.getpid(), signal.SIGKILL)
        return torch.tensor(float("nan") if view.step >= 3 else 0.0)
