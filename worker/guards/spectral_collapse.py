"""D's weights have lost their smaller singular values."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from worker import guards
from worker.guards import CalibratedParams, Clear, Finding, Look, share_knob
from worker.guards._past import against_best


@guards.register
class SpectralCollapse(guards.Guard):
    """Spectral collapse: the effective rank of a layer of D is below a share of the most that it was in this run.

    The best of a series is the greatest median of three looks in a row since the warm-up, taken as known after
    `window` looks; found where it is below share · best. At the moment at which samples collapse, most singular values
    of a spectrally normalised D were seen to fall sharply, all but the first few.

    Source: Liu et al. 2019 (SR-GAN), arXiv:1908.10999. The paper gives no threshold; that of this guard is a share of
    the run's own past. Deviation: it reads one number a layer, not the whole spectrum.
    """

    title: ClassVar[str] = "Spectral collapse"

    class Params(CalibratedParams):
        """What is read, and how much of its best may be lost."""

        window: int = Field(4, ge=2, le=10_000)
        """Looks until the best is taken as known."""
        series: str = "spectrum.d.least.effective_rank"
        """Where high is good; or a pattern (`*`) of such series, each judged against itself."""
        share: float = share_knob(0.5)
        """Share of the run's own best below which the spectrum counts as collapsed."""

    params: Params

    def reads(self) -> Sequence[str]:
        """The series of ranks."""
        return [self.params.series]

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        return against_best(self, look, self.params.series, "effective rank of D's weights:")
