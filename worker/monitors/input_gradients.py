"""How steep D is at real samples, at generated ones, and between them."""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._shown import shown

PLACES = {
    "real": "real training samples",
    "fake": "samples of G as it trains",
    "between": "points drawn evenly between a real and a generated sample",
}
STATISTICS = {
    "mean.{place}": "Mean of ‖∇ₓD‖₂ at n {place}, 64 unless set otherwise, the same draws at every look.",
    "mean.{place}.error": "Standard error of the mean of ‖∇ₓD‖₂ at n {place}: standard deviation / √n.",
    "max.{place}": "Largest ‖∇ₓD‖₂ at n {place}; D may be steeper elsewhere.",
}


@monitors.register
class InputGradients(monitors.Monitor):
    """Slope of D: ‖∇ₓD(x)‖₂, the norm over all dimensions of a sample of the gradient of its logit.

    At n real samples x, at n generated ones G(z), and at n points between, x̂ = ε x + (1 - ε) G(z) with ε ~ U(0, 1) one
    a pair. Mean, standard error of the mean (standard deviation / √n) and maximum, in logits per unit of x, where a
    sample's values span [-1, 1]. Samples, latents and ε are the same at every look: changes are the players'. A critic
    D(x) = w·x + b gives exactly ‖w‖ everywhere.

    D is the one that trains, put into eval mode and back: batch normalisation by its running statistics, without
    dropout, spectral norm's vectors as they stand. In training mode batch normalisation would make each logit depend
    on all samples of the batch, and the gradient would not be a sample's own. (Minibatch layers couple them still: the
    gradient is then that of the sum of all logits.) G is in eval mode too. A conditional D gets the real samples' own
    labels, between too, and the labels that G was given. With packing it is the gradient with respect to a whole pack
    of different samples, n/m of them, as gradient penalties take it.

    Source: Gulrajani et al. 2017 (WGAN-GP), arXiv:1704.00028, for the points between, and for 1 as the slope of an
    optimal critic there. Deviation: nothing is penalised.
    """

    title: ClassVar[str] = "Slope of D"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = tuple(
        SeriesDescription(
            name=f"input_gradient.{statistic.format(place=place)}",
            unit="logits per unit of x",
            meaning=meaning.format(place=description),
        )
        for statistic, meaning in STATISTICS.items()
        for place, description in PLACES.items()
    )

    class Params(MonitorParams):
        """How often, and at how many samples."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(64, ge=16, le=10_000)
        """Samples of each kind a look."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        these = shown(view, self.params.n)
        share = torch.rand(len(these.real), *[1] * (these.real.ndim - 1), generator=view.fixed).to(these.real)
        between = torch.lerp(these.fake, these.real, share)
        slopes = {
            "real": _slopes(view, these.real, these.real_labels),
            "fake": _slopes(view, these.fake, these.fake_labels),
            "between": _slopes(view, between, these.real_labels),
        }
        scalars = {}
        for place, norms in slopes.items():
            scalars[f"input_gradient.mean.{place}"] = norms.mean()
            scalars[f"input_gradient.mean.{place}.error"] = norms.std() / len(norms) ** 0.5
            scalars[f"input_gradient.max.{place}"] = norms.amax()
        return Measurement(scalars=scalars)


def _slopes(view: TrainingView, x: Tensor, labels: Tensor | None) -> Tensor:
    """(N,) float64: the norm of each sample's own gradient; one for each that D is shown at once."""
    x = x.detach().requires_grad_()
    with torch.enable_grad():
        logits = view.D.eval()(x, labels).logits
        (gradients,) = torch.autograd.grad(logits.sum(), x)
    norms: Tensor = torch.linalg.vector_norm(gradients.flatten(1), dim=1, dtype=torch.float64)
    return norms
