"""Whether D's auxiliary heads know the labels of real samples."""

from typing import Any, ClassVar

from pydantic import Field

from contract.components import Cost, SeriesDescription
from worker import monitors
from worker.monitors import Measurement, MonitorParams, TrainingView


@monitors.register
class AuxiliaryAccuracy(monitors.Monitor):
    """Accuracy of D's auxiliary heads: the share of real samples whose label the head names.

    For each attribute, over the same n real samples at every look; D in eval mode. They are training samples, so this
    says what D has learnt, not how it would do on others. An estimate for the whole set with a standard error of
    √(p(1-p)/n), the same samples each time: changes from look to look are D's.
    """

    title: ClassVar[str] = "Accuracy of D's auxiliary heads"
    needs: ClassVar[dict[str, Any]] = {"auxiliary": True}
    chart: ClassVar[str] = "lines"
    cost: ClassVar[Cost] = "cheap"
    default: ClassVar[bool] = True
    series: ClassVar[tuple[SeriesDescription, ...]] = (
        SeriesDescription(
            name="auxiliary.<attribute>.accuracy",
            unit="share",
            meaning="Share p of n = 250 real training samples, the same at every look, whose <attribute> D's head "
            "names; for the whole set its standard error is √(p(1-p)/n), at most 0.032.",
            high_is="good",
        ),
    )

    class Params(MonitorParams):
        """How often, and how many samples."""

        every: int = Field(50, ge=1, le=1_000_000)
        """Steps between two looks."""
        n: int = Field(250, ge=1, le=100_000)
        """Real samples a look."""

    params: Params

    def measure(self, view: TrainingView) -> Measurement:
        """One look."""
        real, labels = view.dataset.sample(self.params.n, view.fixed)
        heads = view.judge(real.to(view.device)).auxiliary
        scalars = {}
        for column, attribute in enumerate(view.dataset.attributes):
            named = heads[attribute].argmax(1).cpu()
            scalars[f"auxiliary.{attribute}.accuracy"] = (named == labels[:, column].cpu()).double().mean().item()
        return Measurement(scalars=scalars)
