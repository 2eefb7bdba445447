"""D tells real from fake so well that G learns nothing."""

import math
from collections.abc import Sequence
from typing import ClassVar

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, factor_knob, share_knob
from worker.guards._past import smoothed, usual

LOSS, REAL, FAKE, GRADIENT = "loss.d.adversarial", "logit.real", "logit.fake", "gradient.g.norm"
GAP = "logit.gap"


@guards.register
class DWins(guards.Guard):
    """D wins: at least two of three signs at once, each against the run's own healthy window.

    - D's adversarial loss at its floor: below share · its median. Not judged where that median is not above 0, as a
      Wasserstein critic's.
    - Logits far apart: mean on real minus mean on fake above factor · |its median|.
    - G's gradient vanishing: its norm below share · its median.

    Medians are of the first `window` values after the warm-up; "now" is the median of the newest three. With a
    non-saturating loss G's gradient does not vanish when D wins (Goodfellow et al. 2014, arXiv:1406.2661, section 3,
    which is why that loss is used): there the other two speak.
    """

    title: ClassVar[str] = "D wins"
    default: ClassVar[bool] = True

    class Params(CalibratedParams):
        """How far from its own past."""

        share: float = share_knob(0.1)
        """Share of its own median below which D's loss is at its floor, or G's gradient vanishes."""
        factor: float = factor_knob(5.0)
        """Multiple of its own median above which the gap between the logits is wide."""

    params: Params

    def reads(self) -> Sequence[str]:
        """D's loss and logits, and the norm of G's gradient."""
        return [LOSS, REAL, FAKE, GRADIENT]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        values = {name: look.values[name] for name in (LOSS, GRADIENT) if name in look.values}
        if REAL in look.values and FAKE in look.values:
            values[GAP] = look.values[REAL] - look.values[FAKE]
        judged = {name: sign for name, value in values.items() if (sign := self._sign(name, value, look.step))}
        if len(judged) < 2:
            return None
        signs = [words for words, _ in judged.values() if words]
        evidence = {name: number for name, (_, number) in judged.items()}
        if len(signs) >= 2:
            return Finding("; ".join(signs), evidence)
        return Clear(signs[0] + ", and nothing else" if signs else "D's loss, logits and G's gradient are as usual")

    def _sign(self, name: str, value: float, step: int) -> tuple[str, float] | None:
        """Words (empty where it is no sign) and the number now; None where it cannot be judged."""
        if not math.isfinite(value):
            return None
        now = smoothed(self, name, value)
        known = usual(self, f"{name}.usual", value, self.params, step)
        if known is None or (name != GAP and known[0] <= 0):
            return None
        median, share, factor = known[0], self.params.share, self.params.factor
        if name == GAP:
            is_sign, words = now > factor * abs(median), f"logits are {now:.4g} apart, {median:.4g} was usual"
        else:
            what = "D's loss" if name == LOSS else "the norm of G's gradient"
            is_sign, words = now < share * median, f"{what} is {now:.4g}, {median:.4g} was usual"
        return (words if is_sign else "", now)
