"""Packing: D judges several samples at once, so that a lack of variety is something it can see."""

from typing import Any, ClassVar

from pydantic import Field
from torch import Tensor

from contract.components import ComponentParams
from worker import regularisers
from worker.regularisers import Moment


@regularisers.register
class Packing(regularisers.Regulariser):
    """Packing (PacGAN): D is shown m samples at a time, all real or all fake, one behind the other in dimension 1.

    x: (N, C, …) → (N/m, m C, …): channels of pictures, coordinates of points; samples m i … m i + m - 1 of a batch make
    pack i. Only D's first layer is wider for it. The loss stays what it was, now a mean over N/m packs, and a gradient
    penalty takes the gradient with respect to a whole pack. Other regularisers' changes to samples come before.
    The batch counts samples and must be a multiple of m. Monitors show D m copies of a sample.

    Source: Lin, Khetan, Fanti & Oh 2018, arXiv:1712.04086, and its public code. Only for games without
    labels: the samples of a pack would need one label in common.
    """

    title: ClassVar[str] = "Packing (PacGAN)"
    needs: ClassVar[dict[str, Any]] = {
        "conditioned": [None],
        "two_numbers": [None],
        "batch": {"multiple_of": "$m"},
    }

    class Params(ComponentParams):
        """How many."""

        m: int = Field(2, ge=2, le=8)
        """Samples that D sees at once."""

    params: Params

    @property
    def pack(self) -> int:
        """As many as the param says."""
        return self.params.m

    def inputs(self, x: Tensor, moment: Moment) -> Tensor:
        """(N/m, m C, …), from (N, C, …).

        Raises:
            ValueError: if the samples cannot be put into packs without one left over.
        """
        if len(x) % self.pack:
            raise ValueError(
                f"packing puts {self.pack} samples into a pack, but was given {len(x)}; take a batch that is a multiple"
            )
        return x.reshape(len(x) // self.pack, self.pack * x.shape[1], *x.shape[2:])
