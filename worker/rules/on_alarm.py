"""Do something when a guard raises its alarm."""

from collections.abc import Sequence
from typing import ClassVar

from worker import rules
from worker.guards import Clear, Finding, Look
from worker.rules._doing import DoingParams, DoingRule


@rules.register
class OnAlarm(DoingRule):
    """On an alarm: when that guard's alarm is raised, do that.

    Found while the alarm of the guard `alarm` is raised; the rule acts at the first such look, and once more only
    after the alarm was cleared and `cool_down` steps have passed.
    """

    title: ClassVar[str] = "On an alarm"
    combines: ClassVar[bool] = True

    class Params(DoingParams):
        """Whose alarm, and what is done."""

        alarm: str = "collapse"
        """Entry of the guard."""

    params: Params

    def reads(self) -> Sequence[str]:
        """No series: what the guards found."""
        return []

    def awaits(self) -> str | None:
        """The guard."""
        return self.params.alarm

    def judge(self, look: Look) -> Finding | Clear | None:
        """One look."""
        evidence = look.raised.get(self.params.alarm)
        if evidence is None:
            return Clear(f"no alarm of {self.params.alarm}")
        return Finding(f"alarm of {self.params.alarm}", evidence)
