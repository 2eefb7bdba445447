"""The alarm that most people want: the modes are going."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pydantic import Field

from contract.knobs import knob
from worker import guards
from worker.guards import Clear, Finding, GuardParams, Look

WEIGHTS: Mapping[str, int] = {"coverage_loss": 2, "diversity_loss": 1, "auxiliary_drop": 1, "d_wins": 1}
"""Votes of each guard. Modes that are gone are a collapse by themselves; the others are symptoms, of which one alone
may have another cause."""
SEVERE = 0.25
"""Share of its best below which a loss of modes counts at its first look: so much does not come back by itself."""


@guards.register
class Collapse(guards.Guard):
    """Collapse: enough votes of the other guards that find something now.

    coverage_loss has 2 votes once its finding has lasted its patience, or at its first look where less than a quarter
    of the modes is left, and none before that; diversity_loss, auxiliary_drop and d_wins have 1 each, from the first
    look that finds something. Found where the sum reaches `enough` (2): where modes are counted their loss decides,
    else two symptoms at once. A vote lasts until its guard's alarm is cleared, or, where none was raised, until the
    guard finds all well; a cool-down takes no vote away.

    `spectral_collapse` and `sharpening` have no vote: on the runs that it was tuned on they cried wolf more often than
    they saw a collapse. `divergence`, `non_finite` and `stagnation` have none either: they are failures of another
    kind. What each is worth was measured: docs/results-watch.md.
    """

    title: ClassVar[str] = "Collapse"
    combines: ClassVar[bool] = True
    needs: ClassVar[dict[str, Any]] = {"sample": ["points", "image"]}
    default: ClassVar[bool] = True

    class Params(GuardParams):
        """How many votes."""

        patience: int = Field(1, ge=1, le=1000)
        """Looks in a row that must find it before the alarm is raised, or must not before it is cleared."""
        enough: int = knob(2, ge=1, le=5, folded=True)
        """Votes that make a collapse; 1: any symptom does."""

    params: Params

    def reads(self) -> Sequence[str]:
        """No series: what the other guards found."""
        return []

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        votes = {name: n for name in look.active if (n := _votes(name, look)) > 0}
        total = sum(votes.values())
        if total < self.params.enough:
            return Clear(f"{total} of {self.params.enough} votes")
        evidence = {series: number for name in votes for series, number in look.active[name].items()}
        return Finding(" and ".join(name.replace("_", " ") for name in votes), evidence)


def _votes(name: str, look: Look) -> int:
    if name == "coverage_loss" and name not in look.confirmed and not _is_severe(look.active[name]):
        return 0
    return WEIGHTS.get(name, 0)


def _is_severe(evidence: Mapping[str, float]) -> bool:
    """Whether one of the series that were lost is far below its own best, which stands beside it."""
    bests = {name.removesuffix(".best"): best for name, best in evidence.items() if name.endswith(".best")}
    return any(evidence[name] < SEVERE * best for name, best in bests.items())
