"""How far batch normalisation's running statistics are from those of a batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.modules.batchnorm import _BatchNorm

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Dataset
from worker.monitors import Measurement, MonitorParams, TrainingView

INPUTS = {"g": "n latents", "d": "n real samples"}
NUMBERS = {
    "mean": ("standard deviations", "root mean square over all channels of batch mean minus running mean"),
    "mean_noise": ("standard deviations", "what the batch's finite size alone makes of the drift of means"),
    "variance": ("nats", "root mean square over all channels of ln(batch variance / running variance)"),
    "variance_noise": ("nats", "what the batch's finite size alone makes of the drift of variances"),
}


def _described(letter: str) -> Iterator[SeriesDescription]:
    """The series of one player."""
    for number, (unit, meaning) in NUMBERS.items():
        yield SeriesDescription(
            name=f"batch_norm.{letter}.{number}",
            unit=unit,
            high_is="neither" if number.endswith("noise") else "bad",
            meaning=f"{letter.upper()}'s batch normalisation on {INPUTS[letter]} (128 by default): {meaning}.",
        )


@monitors.register
class BatchNorm(monitors.Monitor):
    """Drift of batch normalisation: the distance of its running statistics from those of a batch.

    One pass of n latents through G, and of n real samples through D, with batch normalisation as in training (by the
    batch's own statistics, on copies of its buffers) and everything else in eval mode. Over all channels c of all such
    layers of a player, with m_c and v_c the batch's mean and unbiased variance, M_c and V_c the running ones, and ε
    the layer's own:

    mean = √ avg_c (m_c - M_c)²/(V_c + ε),  variance = √ avg_c ln²((v_c + ε)/(V_c + ε)).

    0 where the eval mode, in which samples are shown and D is asked by monitors, is the function that trains. A finite
    batch never gives 0: of its two halves, with m', v' and m'', v'', the noise is √ avg_c (m' - m'')²/4(V_c + ε), and
    √ avg_c (ln v' - ln v'')²/4 with the same ε; drift near its noise is none. The same draws at every look.
    Running statistics of D mix real and generated batches, so D's drift on real samples is not 0 at rest either.
    Nothing is yielded of a player without batch normalisation.

    Source: Ioffe & Szegedy 2015, arXiv:1502.03167, for the layer; the measure is ours.
    """

    title: ClassVar[str] = "Batch normalisation's drift"
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (*_described("g"), *_described("d"))

    class Params(MonitorParams):
        """How often, and on how many samples."""

        every: int = Field(100, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(128, ge=8, le=10_000)
        """Latents for G, and real samples for D."""

    params: Params

    def series_of(self, dataset: Dataset, G: nn.Module, D: nn.Module) -> Sequence[SeriesDescription]:
        """Of the players that have such layers."""
        return [each for letter, player in (("g", G), ("d", D)) if _layers(player) for each in _described(letter)]

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        n, fixed = self.params.n, view.fixed
        scalars: dict[str, Tensor] = {}
        if _layers(view.G):
            z = view.latents(n, fixed)
            scalars |= {
                f"batch_norm.g.{name}": value for name, value in drift(view.G, z, view.labels(n, fixed)).items()
            }
        if _layers(view.D):
            real, labels = view.dataset.sample(n, fixed)
            given = None if view.labels(1, fixed) is None else labels.to(view.device)
            found = drift(view.D, view.packed(real.to(view.device)), given)
            scalars |= {f"batch_norm.d.{name}": value for name, value in found.items()}
        return Measurement(scalars=scalars)


@torch.no_grad()
def drift(player: nn.Module, x: Tensor, labels: Tensor | None) -> dict[str, Tensor]:
    """Each of `NUMBERS`, of one player on one batch; its buffers stay as they are, its modes do not."""
    found: list[_Channels] = []
    player.eval()
    # Copies of the running statistics are what the pass moves; a layer is called before it moves them.
    buffers = {name: buffer.clone() for name, buffer in player.named_buffers()}
    hooks = [
        layer.train().register_forward_pre_hook(lambda layer, given: found.append(_Channels.of(layer, given[0])))
        for layer in _layers(player)
    ]
    try:
        functional_call(player, buffers, (x, labels))
    finally:
        for hook in hooks:
            hook.remove()
    return {name: torch.cat([getattr(each, name) for each in found]).square().mean().sqrt() for name in NUMBERS}


@dataclass(frozen=True)
class _Channels:
    """One layer's channels: (C,) float64 each, to be averaged with those of other layers."""

    mean: Tensor
    mean_noise: Tensor
    variance: Tensor
    variance_noise: Tensor

    @classmethod
    def of(cls, layer: _BatchNorm, x: Tensor) -> "_Channels":
        """From the layer as it stands before the pass, and what comes in: (N, C, …)."""
        running_mean, running_variance = (
            cast("Tensor", statistic).double() for statistic in (layer.running_mean, layer.running_var)
        )
        spread = (running_variance + layer.eps).sqrt()
        (v, m), (v1, m1), (v2, m2) = (
            torch.var_mean(part.double().transpose(0, 1).flatten(1), dim=1)
            for part in (x, x[: len(x) // 2], x[len(x) // 2 :])
        )
        eps = layer.eps
        return cls(
            mean=(m - running_mean) / spread,
            mean_noise=(m1 - m2) / (2 * spread),
            variance=torch.log((v + eps) / spread.square()),
            variance_noise=torch.log((v1 + eps) / (v2 + eps)) / 2,
        )


def _layers(player: nn.Module) -> list[_BatchNorm]:
    """Its layers that keep running statistics."""
    return [each for each in player.modules() if isinstance(each, _BatchNorm) and each.track_running_stats]
