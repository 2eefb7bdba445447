"""How many modes G has found, how good its samples are, and how evenly they fall on the modes."""

import math
from typing import Any, ClassVar

import torch
from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.datasets import Judgement
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._judged import fresh_samples, judge_of


@monitors.register
class Modes(monitors.Monitor):
    """Modes: captured, share of high quality, and reverse KL, of n fresh samples.

    Each sample is assigned to its nearest mode by the dataset's own judge, which also says whether it is of high
    quality (points: within 3 standard deviations; pictures: named with a probability of at least 0.9). With h_k the
    number of high-quality samples in mode k of K, and p_k = h_k / Σ h:

    captured = #{k: h_k > 0},  high quality = Σ h / n,  reverse KL = Σ_k p_k ln(K p_k) in nats, 0 ln 0 = 0.

    Without any high-quality sample reverse KL is NaN. Samples are of the averaged G in eval mode, fresh at every look.
    Estimates: high quality has a standard error of √(p(1-p)/n); captured can only miss rare modes; reverse KL of a
    perfect sampler is not 0 but about (K-1)/2n.

    Source: Srivastava et al. 2017 (VEEGAN), arXiv:1705.07761; Lin et al. 2018 (PacGAN), arXiv:1712.04086, section 4.1
    and its public code. Deviation: pictures are fewer, since they cost more.
    """

    title: ClassVar[str] = "Modes"
    needs: ClassVar[dict[str, Any]] = {"judge": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "moderate"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="modes.captured",
            unit="modes",
            meaning="Modes with at least one high-quality sample among n fresh ones (2,500 points or 500 pictures).",
            high_is="good",
        ),
        SeriesDescription(
            name="modes.high_quality",
            unit="share",
            meaning="Share p of n fresh samples (2,500 points or 500 pictures) that the judge calls good; its standard "
            "error is √(p(1-p)/n), at most 0.01 or 0.022. Perfect points reach 0.989.",
            high_is="good",
        ),
        SeriesDescription(
            name="modes.reverse_kl",
            unit="nats",
            meaning="KL divergence of the histogram of high-quality samples over modes from the even one; a perfect "
            "sampler has about (modes - 1) / 2n; NaN where no sample is good.",
            high_is="bad",
        ),
    )

    class Params(MonitorParams):
        """How often, and how many samples."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        points: int = Field(2500, ge=1, le=100_000)
        """Samples a look, where samples are points; 2,500 is what published tables use."""
        pictures: int = Field(500, ge=1, le=100_000)
        """Samples a look, where samples are pictures."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        judge = judge_of(view.dataset)
        is_points = view.dataset.shape == (2,)
        samples, _ = fresh_samples(view, self.params.points if is_points else self.params.pictures)
        return Measurement(scalars=summary(judge(samples), len(judge.mode_names)))


def summary(judgement: Judgement, n_modes: int) -> dict[str, float]:
    """The three numbers of one set of judged samples."""
    good = judgement.good.cpu()
    counts = torch.bincount(judgement.mode.cpu()[good], minlength=n_modes)
    return {
        "modes.captured": float((counts > 0).sum()),
        "modes.high_quality": good.double().mean().item(),
        "modes.reverse_kl": _reverse_kl(counts.tolist()),
    }


def _reverse_kl(counts: list[int]) -> float:
    total = sum(counts)
    if total == 0:
        return math.nan
    return sum(count / total * math.log(len(counts) * count / total) for count in counts if count)
