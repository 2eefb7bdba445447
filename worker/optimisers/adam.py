"""Adam, with the settings that GANs have used since DCGAN."""

from collections.abc import Iterable
from typing import ClassVar

import torch
from torch import nn
from torch.optim import Optimizer

from worker import optimisers
from worker.optimisers._adam import AdamLike
from worker.optimisers._memory_order import kept_in_order


@optimisers.register
class Adam(AdamLike):
    """Adam: steps along the running mean of the gradient, scaled by its running size.

    m ← β₁ m + (1 - β₁) g,  v ← β₂ v + (1 - β₂) g²,  w ← w - lr m̂ / (√v̂ + ε), where m̂ = m / (1 - β₁ᵗ) and
    v̂ = v / (1 - β₂ᵗ). Element by element; t counts this player's steps. A β that is changed mid-run counts from then
    on, and its bias correction as if it had held from the start.

    Source: Kingma & Ba 2015, arXiv:1412.6980, algorithm 1. Defaults: Radford et al. 2016, arXiv:1511.06434.
    """

    title: ClassVar[str] = "Adam"

    def build(self, parameters: Iterable[nn.Parameter]) -> Optimizer:
        """Torch's Adam in one fused kernel, on the device where the parameters are."""
        adam = torch.optim.Adam(parameters, eps=self.params.eps, fused=True)
        self.refresh(adam, step=1)
        return kept_in_order(adam)
