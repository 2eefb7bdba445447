"""Runs the monitors: when each is due, what it costs, how it is stretched, and what happens when it breaks.

All watching together may take a set share of the time. When the monitors would take more, the dearest looks
less often; when there is room again, more often. Intervals of monitors that sum over steps must not depend on the
clock: those are fixed. One that a guard reads is stretched last, when those by themselves would take more than all
may; the guards are then kept from it.
"""

import time
import traceback
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from contract.events import MonitorDisabled, MonitorStretched
from worker.monitors import Measurement, Monitor
from worker.training.game import Game
from worker.training.guarding import watched_monitors
from worker.training.reporter import Reporter
from worker.training.series import of_monitor
from worker.training.undisturbed import undisturbed
from worker.training.view import View

ROOM = 0.5
"""Share of the budget that all may take, so that one that was stretched may look twice as often again."""
COUNTED = 5
"""Newest looks whose median is what a look costs: on a busy machine one of them takes many times as long."""


@dataclass
class _Watched:
    monitor: Monitor
    every: int
    looks: int = 0
    costs_s: deque[float] = field(default_factory=lambda: deque(maxlen=COUNTED))
    disabled: bool = False

    @property
    def cost_s(self) -> float:
        """Seconds that a look takes: the lower median of the newest ones."""
        return sorted(self.costs_s)[(len(self.costs_s) - 1) // 2]

    def share(self, step_s: float) -> float:
        """What it takes of the time of training."""
        return self.cost_s / (self.every * step_s)


class Watch:
    """The monitors of one run."""

    def __init__(self, game: Game, monitors: Sequence[Monitor], reporter: Reporter) -> None:
        self._game = game
        self._reporter = reporter
        self._watched = [_Watched(monitor, monitor.params.every) for monitor in monitors]
        series = {monitor.entry: {each.name for each in of_monitor(game, monitor)} for monitor in monitors}
        self._guarded = watched_monitors(game.guards, series)

    def look(self, step: int, step_s: float, *, everything: bool = False) -> float:
        """Let every monitor look that is due.

        Args:
            step: the step that has just ended.
            step_s: what one step of training takes, without watching.
            everything: let all of them look: at the first and the last step.

        Returns:
            Seconds that this took.
        """
        due = [w for w in self._watched if not w.disabled and (everything or step % w.every == 0)]
        took = sum(self._measure(watched, step) for watched in due)
        if due and step_s > 0:
            self._keep_budget(step, step_s)
        return took

    def _measure(self, watched: _Watched, step: int) -> float:
        game, monitor = self._game, watched.monitor
        if game.device.type == "cuda":
            torch.cuda.synchronize(game.device)  # else the look is billed for the steps still queued
        began = time.perf_counter()
        try:
            with undisturbed(game.networks()):
                measurement = monitor.measure(View(game, monitor.entry, step))
            self._report(step, measurement)
            if monitor.entry in self._guarded:
                game.readings.note(step, monitor.entry, measurement.scalars)
        except Exception as error:  # noqa: BLE001  # a border: a monitor that breaks never stops a run
            self._disable(watched, step, error)
        cost_s = time.perf_counter() - began
        watched.looks += 1
        if watched.looks > 1:  # the first one pays for what is done once: allocations, caches
            watched.costs_s.append(cost_s)
        self._reporter.scalars(step, {f"cost.{monitor.entry}": cost_s * 1000})
        return cost_s

    def _report(self, step: int, measurement: Measurement) -> None:
        if measurement.scalars:
            self._reporter.scalars(step, dict(measurement.scalars))
        for grid in measurement.grids:
            self._reporter.grid(step, grid)
        measured = (*measurement.points, *measurement.spectra, *measurement.eigenvalues, *measurement.densities)
        for body in measured:
            self._reporter.say(step, body)

    def _disable(self, watched: _Watched, step: int, error: Exception) -> None:
        watched.disabled = True
        reason = f"{type(error).__name__}: {error}"
        details = "".join(traceback.format_exception(error))
        self._game.readings.unread[watched.monitor.entry] = f"its monitor {watched.monitor.entry} failed and is off"
        self._reporter.say(step, MonitorDisabled(monitor=watched.monitor.entry, reason=reason, traceback=details))

    def _keep_budget(self, step: int, step_s: float) -> None:
        active = [w for w in self._watched if w.monitor.stretchable and not w.disabled and len(w.costs_s) >= 2]
        share, budget = sum(w.share(step_s) for w in active), self._game.watching.budget
        if share > budget:
            self._stretch(step, step_s, active, share)
            return
        stretched = [w for w in active if w.every > w.monitor.params.every]
        cheapest = min(stretched, key=lambda w: w.share(step_s), default=None)
        if cheapest is not None and share + cheapest.share(step_s) <= ROOM * budget:
            self._look_every(step, cheapest, cheapest.every // 2, share + cheapest.share(step_s))

    def _stretch(self, step: int, step_s: float, active: Sequence[_Watched], share: float) -> None:
        guarded = [w for w in active if w.monitor.entry in self._guarded]
        is_too_much = sum(w.share(step_s) for w in guarded) > self._game.watching.budget
        dearest = max(
            guarded if is_too_much else [w for w in active if w.monitor.entry not in self._guarded],
            key=lambda w: w.share(step_s),
        )
        entry = dearest.monitor.entry
        self._game.readings.unread[entry] = (
            f"its monitor {entry} looks less often, to stay within what watching may take"
        )
        self._look_every(step, dearest, dearest.every * 2, share - dearest.share(step_s) / 2)

    def _look_every(self, step: int, watched: _Watched, every: int, share: float) -> None:
        watched.every = every
        self._reporter.say(step, MonitorStretched(monitor=watched.monitor.entry, every=every, cost_share=share))
