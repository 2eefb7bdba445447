"""A number is no number any more."""

import math
from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from worker import guards
from worker.guards import Clear, Finding, GuardParams, Look


@guards.register
class NonFinite(guards.Guard):
    """Non-finite numbers: a loss, a logit, a penalty or a gradient is NaN or infinite.

    Exact, at the steps at which it looks: weights that have become NaN stay so and are seen at the next look, a single
    infinite batch between two looks is not. Series in which NaN is an answer (reverse KL without a good sample) are not
    read.
    """

    title: ClassVar[str] = "Non-finite numbers"
    default: ClassVar[bool] = True

    class Params(GuardParams):
        """What is read."""

        patience: int = Field(1, ge=1, le=1000)
        """Looks in a row that must find it before the alarm is raised, or must not before it is cleared."""
        cool_down: int = Field(0, ge=0, le=1_000_000_000)
        """Steps after the alarm was cleared in which it is not raised again."""
        series: list[str] = Field(
            ["loss.*", "logit.*", "penalty.*", "weighted.*", "*.loss", "gradient.*", "diversity.*"]
        )
        """Names of series, or patterns (`*`)."""

    params: Params

    def reads(self) -> Sequence[str]:
        """All that must be finite."""
        return self.params.series

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        if not look.values:
            return None
        wrong = {name: value for name, value in look.values.items() if not math.isfinite(value)}
        if not wrong:
            return Clear("all numbers are finite")
        named = ", ".join(f"{name} is {value}" for name, value in list(wrong.items())[:3])
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        return Finding(f"{named}{more}", wrong)
