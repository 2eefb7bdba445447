"""Whether samples are what G was asked for."""

from typing import Any, ClassVar

from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView
from worker.monitors._judged import fresh_samples, judge_of


@monitors.register
class LabelAccuracy(monitors.Monitor):
    """Label accuracy of samples: the share whose label, by the dataset's own classifier, is the one asked for.

    For each attribute, over n fresh samples of the averaged G in eval mode, asked for labels drawn as the data have
    them. Chance is the share of the commonest class at best: 0.1 for 10 even classes. An estimate with a standard
    error of √(p(1-p)/n). The classifier was fitted on real pictures apart from the run; its own mistakes (see
    `Judge.accuracy`) count against G. All samples count, good or not.
    """

    title: ClassVar[str] = "Label accuracy of samples"
    needs: ClassVar[dict[str, Any]] = {"judge": True, "auxiliary": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="samples.<attribute>.accuracy",
            unit="share",
            meaning="Share p of n = 250 fresh samples whose <attribute>, by an independent classifier, is the one that "
            "G was asked for; its standard error is √(p(1-p)/n), at most 0.032.",
            high_is="good",
        ),
    )

    class Params(MonitorParams):
        """How often, and how many samples."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(250, ge=1, le=100_000)
        """Samples a look."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look.

        Raises:
            ValueError: if G takes no labels, or there is no judge.
        """
        judge = judge_of(view.dataset)
        samples, asked = fresh_samples(view, self.params.n)
        if asked is None:
            raise ValueError("G takes no labels, so samples cannot obey them; take conditioning 'auxiliary'")
        shares = (judge(samples).labels == asked).double().mean(0).tolist()
        names = (f"samples.{attribute}.accuracy" for attribute in view.dataset.attributes)
        return Measurement(scalars=dict(zip(names, shares, strict=True)))
