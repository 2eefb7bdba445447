"""Runs the monitors: when each is due, what it costs, how it is stretched, and what happens when it breaks.

All watching together may take a set share of the time. When the monitors would take more, the dearest looks
less often. Intervals of monitors that sum over steps must not depend on the clock: those are fixed. One that a guard
reads is stretched last, when those by themselves would take more than all may; the guards are then kept from it.
"""

import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from contract.events import MonitorDisabled, MonitorStretched
from worker.monitors import Measurement, Monitor
from worker.training.game import Game
from worker.training.guarding import watched_monitors
from worker.training.reporter import Reporter
from worker.training.series import of_monitor
from worker.training.undisturbed import undisturbed
from worker.training.view import View

BUDGET = 0.10
BUDGET_POINTS = 0.20
"""Share of the time that watching may take; more for points, whose steps take 2 ms."""
SMOOTHING = 0.3
"""Weight of the newest cost in the running mean: a look's cost varies by tens of per cent from one to the next."""


@dataclass
class _Watched:
    monitor: Monitor
    every: int
    looks: int = 0
    cost_s: float = 0.0
    disabled: bool = False


class Watch:
    """The monitors of one run."""

    def __init__(self, game: Game, monitors: Sequence[Monitor], reporter: Reporter) -> None:
        self._game = game
        self._reporter = reporter
        self._watched = [_Watched(monitor, monitor.params.every) for monitor in monitors]
        series = {monitor.entry: {each.name for each in of_monitor(game, monitor)} for monitor in monitors}
        self._guarded = watched_monitors(game.guards, series)
        self._budget = BUDGET_POINTS if game.dataset.shape == (2,) else BUDGET

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
        # The first look pays for what is done once (allocations, caches): it does not count.
        watched.cost_s = cost_s if watched.looks <= 2 else watched.cost_s + SMOOTHING * (cost_s - watched.cost_s)
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
        active = [w for w in self._watched if w.monitor.stretchable and not w.disabled and w.looks >= 2]
        share = sum(w.cost_s / (w.every * step_s) for w in active)
        if share <= self._budget:
            return
        guarded = [w for w in active if w.monitor.entry in self._guarded]
        is_too_much = sum(w.cost_s / (w.every * step_s) for w in guarded) > self._budget
        dearest = max(
            guarded if is_too_much else [w for w in active if w.monitor.entry not in self._guarded],
            key=lambda w: w.cost_s / w.every,
        )
        share -= dearest.cost_s / (dearest.every * step_s) / 2
        dearest.every *= 2
        entry = dearest.monitor.entry
        self._game.readings.unread[entry] = (
            f"its monitor {entry} looks less often, to stay within what watching may take"
        )
        self._reporter.say(step, MonitorStretched(monitor=dearest.monitor.entry, every=dearest.every, cost_share=share))
