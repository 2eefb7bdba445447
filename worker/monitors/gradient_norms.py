"""How large the gradients were that the last step used."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView


@monitors.register
class GradientNorms(monitors.Monitor):
    """Gradient norms: ‖∇L‖₂ over all parameters of a player, as its last step left it.

    √(Σ over parameters of the sum of squares of `.grad`), summed in float64; nothing is computed again, so it is that
    of one batch, with penalties and label terms in it. Exact for that batch. Before the first step there is no gradient
    and so no measurement; NaN and infinities in the gradients show as what they are.
    """

    title: ClassVar[str] = "Gradient norms"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="gradient.g.norm",
            unit="loss per unit of weight",
            meaning="2-norm of G's whole gradient in the step just done; exact for its batch.",
        ),
        SeriesDescription(
            name="gradient.d.norm",
            unit="loss per unit of weight",
            meaning="2-norm of D's whole gradient in the last D step, penalties included; exact for its batch.",
        ),
    )

    class Params(MonitorParams):
        """How often."""

        every: int = Field(25, ge=1, le=1_000_000)
        """Steps between two looks."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look; nothing of a player that has no gradient yet."""
        norms = {"gradient.g.norm": _norm(view.G), "gradient.d.norm": _norm(view.D)}
        return Measurement(scalars={name: norm for name, norm in norms.items() if norm is not None})


def _norm(player: nn.Module) -> Tensor | None:
    """The norm, still on the device, for the loop must not wait for it; None without gradients."""
    gradients = [parameter.grad for parameter in player.parameters() if parameter.grad is not None]
    if not gradients:
        return None
    norms = [torch.linalg.vector_norm(gradient.detach(), dtype=torch.float64) for gradient in gradients]
    whole: Tensor = torch.linalg.vector_norm(torch.stack(norms))
    return whole
