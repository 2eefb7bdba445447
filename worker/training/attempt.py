"""One attempt of one run, from its job to its end: build, restore, train, and say each state on the way."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch

from contract.events import RunStatus, SeriesInfo, Status
from contract.jobs import Resume, TrainJob
from worker.training.checkpoint import Checkpoints, CorruptCheckpoint, Store, load_newest, restore, snapshot
from worker.training.control import Control, Ending, History, Requests
from worker.training.game import Game, build
from worker.training.guarding import Guarding
from worker.training.knob_board import KnobBoard, RefusedKnob
from worker.training.loop import Loop
from worker.training.reporter import Reporter
from worker.training.series import announced
from worker.training.watch import Watch

CheckpointReason = Literal["finish", "stop", "park", "hand-back"]
_ENDINGS: dict[Ending | None, tuple[CheckpointReason, Status]] = {
    None: ("finish", "finished"),
    "stop": ("stop", "stopped"),
    "park": ("park", "parked"),
    "hand-back": ("hand-back", "queued"),
}
HANDED_BACK = "the worker stopped; another goes on from the checkpoint"


@dataclass(frozen=True)
class Machine:
    """What an attempt needs of the machine that it runs on."""

    cache: Path
    """Folder for prepared datasets."""
    store: Store
    """Where checkpoints live."""
    checkpoint_s: float
    """Seconds between two automatic checkpoints."""
    checkpoint_keep: int
    """How many automatic checkpoints are kept."""


class Attempt:
    """Trains a job on a machine. Knows neither how its events travel nor where its requests come from."""

    def __init__(self, job: TrainJob, machine: Machine, reporter: Reporter, source: Requests) -> None:
        self._job = job
        self._machine = machine
        self._reporter = reporter
        resume = job.resume or Resume()
        self._game = build(job.spec, machine.cache)
        self._board = KnobBoard(self._game)
        self._done = self._restore(resume)
        self._checkpoints = Checkpoints(
            job.run, job.attempt, machine.store, reporter, interval_s=machine.checkpoint_s, keep=machine.checkpoint_keep
        )
        self._checkpoints.adopt(resume.checkpoints)
        history = History(
            run=job.run,
            changes=[change for change in resume.ledger if change.step > self._done],
            plan=[planned for planned in job.spec.plan if planned.step > self._done],
            answered=resume.answered,
            paused=resume.paused,
        )
        self.control = Control(self._board, reporter, source, history=history)
        self._check_rules()

    def run(self) -> Ending | None:
        """Train to the end.

        Returns:
            Who ended it; None when all steps are done.
        """
        game = self._game
        series = announced(game, self._board)
        self._announce(series)
        watch = Watch(game, game.monitors, self._reporter)
        guarding = Guarding([*game.guards, *game.rules], game.readings, self._reporter, self.control)
        guarding.announce(self._done, [each.name for each in series])
        loop = Loop(game, self._board, self.control, watch, guarding, self._reporter, self._checkpoints)
        ending, done = loop.run(self._done)
        reason, status = _ENDINGS[ending]
        written = self._checkpoints.write(snapshot(self._game, self._board, done), reason)
        self._checkpoints.close()
        why = {"stop": f"stopped by {self.control.ended_by}", "hand-back": HANDED_BACK}.get(ending or "")
        if written.exception() is not None:
            why = f"{why or status}; its last checkpoint could not be written: {written.exception()}"
        self._reporter.say(done, RunStatus(status=status, reason=why))
        return ending

    def _restore(self, resume: Resume) -> int:
        """Go on from the newest whole checkpoint; from step 0 when there is none.

        Raises:
            CorruptCheckpoint: if there is none, and the run is a fork, which has no step 0 of its own.
        """
        for _, content in load_newest(resume.checkpoints, self._machine.store.get):
            return restore(self._game, self._board, content)
        if resume.least_step > 0:
            named = ", ".join(ref.name for ref in resume.checkpoints) or "none is known"
            raise CorruptCheckpoint(
                f"this fork goes on from step {resume.least_step}, and no checkpoint of it can be read ({named}); look "
                "at the artefact store, or fork again"
            )
        return 0

    def _check_rules(self) -> None:
        """Say at the start what could only be refused at use.

        Raises:
            RefusedKnob: if a rule turns a knob that the run has not, or to a value that is not allowed.
        """
        for rule in self._game.rules:
            try:
                self._board.check({name: self._board.fitting(name, to) for name, to in rule.turns().items()})
            except RefusedKnob as refused:
                raise RefusedKnob(f"rules.{rule.entry}: {refused}") from refused

    def _announce(self, series: list[SeriesInfo]) -> None:
        game = self._game
        self._reporter.say(
            self._done,
            RunStatus(
                status="paused" if self.control.paused else "running",
                from_step=self._done,
                device=_device_name(game),
                knobs=self._board.describe(),
                series=series,
                attributes=game.dataset.attributes,
            ),
        )
        values = {f"knob.{name}": float(value) for name, value in self._board.values().items()}
        self._reporter.scalars(self._done, values)


def _device_name(game: Game) -> str:
    return torch.cuda.get_device_name(game.device) if game.device.type == "cuda" else "cpu"
