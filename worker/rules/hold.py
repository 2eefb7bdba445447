"""Hold a series at a target by turning a knob."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from contract.knobs import KnobValue
from contract.knobs import knob as live
from contract.ramps import Wish
from worker import rules
from worker.guards import Clear, Finding, Look
from worker.guards._past import remember
from worker.rules import Act, RuleParams


@rules.register
class Hold(rules.Rule):
    """Hold: an adaptive weight, turned little by little so that a series stays at its target.

    Every `every` steps, with v the mean of the newest `smooth` looks, e = (v - target) / max(|target|, 1e-12) held to
    [-1, 1], and k the knob:

        k ← k · exp(± gain · e), held to [low, high];

    plus where a larger knob makes the series smaller (a gradient penalty and the gradient's norm), minus where it makes
    it larger. This is integral control of log k: at the target the knob rests, and nothing is left over. A look at
    which the series is not finite turns nothing. The form is ours; that of StyleGAN2-ADA (Karras et al. 2020,
    arXiv:2006.06676, section 3.1) adds a fixed amount a look, by the sign of e alone.
    """

    title: ClassVar[str] = "Hold a series"
    repeats: ClassVar[bool] = True

    class Params(RuleParams):
        """What is held where, with which knob, and how strongly."""

        model_config = ConfigDict(json_schema_extra={"ordered": [["low", "high"]], "values": ["high"]})

        series: str = Field("logit.real", min_length=1)
        """Name of one scalar series that this run has: of the step, or of a monitor with a fixed interval."""
        target: float = live(1.0)
        """Where the series is to stay, in its own unit."""
        knob: str = Field("optimiser.d.lr", min_length=1)
        """The knob that is turned."""
        larger_knob: Literal["lowers", "raises"] = "raises"
        """What a larger knob does to the series."""
        gain: float = live(0.1, gt=0, le=10, scale="log")
        """Strength: at twice the target, the knob changes by the factor e^gain a look."""
        low: float = Field(1e-6, gt=0)
        """Least value that the rule gives the knob; above 0, since it is turned by factors."""
        high: float = Field(0.01, gt=0)
        """Greatest value that the rule gives it."""
        smooth: int = Field(5, ge=1, le=1000)
        """Looks whose mean is compared with the target."""

        @model_validator(mode="after")
        def _in_order(self) -> Self:
            if self.low > self.high:
                raise ValueError(f"low must be at most high, which is {self.high:g}; got {self.low:g}")
            return self

    params: Params

    def reads(self) -> Sequence[str]:
        """The series."""
        return [self.params.series]

    def turns(self) -> Mapping[str, KnobValue]:
        """The knob, as far as it goes."""
        return {self.params.knob: self.params.high}

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        value = look.values.get(self.params.series, math.nan)
        if not math.isfinite(value):
            return None
        kept = remember(self, "series", value, self.params.smooth)
        if len(kept) < self.params.smooth:
            return None
        mean = statistics.fmean(kept)
        words = f"{self.params.series} {mean:.4g}, to be held at {self.params.target:.4g}"
        return Finding(words, {self.params.series: mean})

    def act(self, finding: Finding, knobs: Mapping[str, KnobValue]) -> Act | None:
        """A little more, or a little less."""
        params = self.params
        error = (finding.evidence[params.series] - params.target) / max(abs(params.target), 1e-12)
        sign = 1 if params.larger_knob == "lowers" else -1
        now = float(knobs[params.knob])
        wanted = max(now, params.low) * math.exp(sign * params.gain * min(max(error, -1.0), 1.0))
        new = min(max(wanted, params.low), params.high)
        return None if math.isclose(new, now, rel_tol=1e-6) else Act(knobs={params.knob: Wish(to=new)})
