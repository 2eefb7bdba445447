"""Learning rates and their schedules: the rate in force is the knob `lr` times a factor that depends on the step."""

import math
from typing import Literal

from contract.components import ComponentParams
from contract.knobs import knob


class RateParams(ComponentParams):
    """A rate and its schedule. Without warm-up and decay, which is the default, the rate is `lr` throughout."""

    lr: float = knob(2e-4, ge=0, le=1, scale="log")
    """Learning rate; at 0 the player stands still. A schedule, if there is one, multiplies it."""
    warmup: int = knob(0, ge=0, le=1_000_000, unit="steps", folded=True)
    """Steps over which the rate rises from 0, linearly; 0: none."""
    decay: Literal["linear", "cosine", "exponential"] = "linear"
    """Shape of the decay."""
    decay_from: int = knob(0, ge=0, le=1_000_000_000, unit="steps", folded=True)
    """Step after which the rate decays."""
    decay_steps: int = knob(0, ge=0, le=1_000_000_000, unit="steps", folded=True)
    """Steps that the decay takes; 0: the rate does not decay."""
    decay_to: float = knob(0.0, ge=0, le=1, folded=True)
    """Share of the rate that is left when the decay is over. Exponential decay takes at least 1e-6."""


LEAST_SHARE = 1e-6
"""An exponential decay cannot reach 0."""


def factor(params: RateParams, step: int) -> float:
    """What the rate is multiplied by at a step.

    With p the share of the decay that is over, clipped to [0, 1], and e = `decay_to`:
    linear 1 - (1 - e) p;  cosine e + (1 - e) (1 + cos πp)/2;  exponential eᵖ.
    Warm-up multiplies by min(1, step/warmup).

    Args:
        params: the schedule.
        step: number of the step, from 1; the first step after `decay_from` has p = 1/decay_steps.

    Returns:
        From 0 to 1.
    """
    warm = min(1.0, step / params.warmup) if params.warmup else 1.0
    if params.decay_steps == 0 or step <= params.decay_from:
        return warm
    over, end = min(1.0, (step - params.decay_from) / params.decay_steps), params.decay_to
    match params.decay:
        case "linear":
            return warm * (1 - (1 - end) * over)
        case "cosine":
            return warm * (end + (1 - end) * (1 + math.cos(math.pi * over)) / 2)
        case "exponential":
            return float(warm * max(end, LEAST_SHARE) ** over)
