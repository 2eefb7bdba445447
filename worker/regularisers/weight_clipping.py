"""Weight clipping: every weight of the critic is kept in a box, the first way to make it Lipschitz."""

from typing import ClassVar, Literal

import torch
from torch import nn

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers


@regularisers.register
class WeightClipping(regularisers.Regulariser):
    """Weight clipping (WGAN): after each D step, every weight of D is put back into [-c, c].

    w ← min(max(w, -c), c) for all that D's optimiser moves: weights and biases of every layer, its heads and the scales
    and shifts of its normalisation included, as in the algorithm, which clips all of w. Under a parametrisation such as
    `spectral_norm` that is the raw weight, whose scale does not matter there: clipping then does next to nothing to D's
    slope. Buffers and the optimiser's moments are left alone, and a weight that is not a number stays so. From the
    first step on: weights that start outside of the box are put into it then.

    Source: Arjovsky et al. 2017, arXiv:1701.07875, algorithm 1, line 7, c = 0.01, there with RMSProp at 5e-5 and 5 D
    steps a G step. The authors call it a bad way to enforce a Lipschitz constraint; `gradient_penalty` came of that.
    """

    title: ClassVar[str] = "Weight clipping (WGAN)"

    class Params(ComponentParams):
        """The size of the box."""

        c: float = knob(0.01, gt=0, le=100, scale="log")
        """Largest absolute value of a weight."""
        player: Literal["D"] = "D"
        """Whose weights are clipped: D's alone."""

    params: Params

    def after_step(self, player: nn.Module, step: int) -> None:
        """Clip in place."""
        c = self.params.c
        with torch.no_grad():
            for weight in player.parameters():
                weight.clamp_(-c, c)
