"""Label smoothing: D is never asked to be quite sure."""

from dataclasses import replace
from typing import Any, ClassVar, Literal

import torch
from pydantic import ConfigDict, ValidationInfo, field_validator

from contract.components import ComponentParams
from contract.knobs import knob
from worker import regularisers
from worker.regularisers import Moment
from worker.verdict import Verdict


@regularisers.register
class LabelSmoothing(regularisers.Regulariser):
    """Label smoothing: the probability of "real" that D's loss asks for is less than 1 for real samples.

    In D's phase a real sample's target is t ~ U(low, high), one a sample, and a fake one's is `fake`; G's loss stays
    as it is. With `fake` 0 that is one-sided smoothing, the default: D's best answer is then
    t p_data / (p_data + p_G); with fake targets above 0 it would also praise samples of G that are far from the data.
    The targets are drawn even where low = high, so that turning a knob does not shift the run's other random numbers.

    Of several in one spec the last one's targets count.

    Source: Salimans et al. 2016, arXiv:1606.03498, section 3.4. The default 0.9 is a habit of public code; one
    number for all samples is low = high.
    """

    title: ClassVar[str] = "Label smoothing"
    needs: ClassVar[dict[str, Any]] = {"targets": True}

    class Params(ComponentParams):
        """What D is asked for."""

        model_config = ConfigDict(validate_default=True, json_schema_extra={"ordered": [["low", "high"]]})

        low: float = knob(0.9, ge=0, le=1)
        """Least target of a real sample; at most `high`."""
        high: float = knob(0.9, ge=0, le=1)
        """Greatest target of a real sample; at least `low`."""
        fake: float = knob(0.0, ge=0, le=1)
        """Target of every generated sample."""

        # Not a validator of the whole model: pydantic runs that when a refused value is in its place already.
        @field_validator("low", "high")
        @classmethod
        def _in_order(cls, value: float, info: ValidationInfo) -> float:
            both = {**info.data, str(info.field_name): value}
            if both["low"] > both.get("high", 1.0):
                raise ValueError(f"low must be at most high; got {both['low']:g} and {both['high']:g}")
            return value

    params: Params

    def verdict(self, verdict: Verdict, on: Literal["real", "fake"], moment: Moment) -> Verdict:
        """The same answer with its targets, (N,); G's phase passes unchanged."""
        if moment.player == "G":
            return verdict
        if on == "fake":
            return replace(verdict, target=torch.full_like(verdict.logits, self.params.fake))
        draws = torch.rand(len(verdict.logits), generator=moment.generator, device=moment.generator.device)
        low, high = self.params.low, self.params.high
        return replace(verdict, target=low + (high - low) * draws.to(verdict.logits))
