"""The loop, top to bottom. It knows nobody: it reports to a `Reporter` and asks a `Control` what people want."""

from concurrent.futures import Future

from contract.events import CheckpointWritten, RunStatus
from worker.training.checkpoint import Checkpoints, snapshot
from worker.training.control import Control, Ending, Request
from worker.training.game import Game
from worker.training.guarding import Guarding
from worker.training.knob_board import KnobBoard
from worker.training.pace import Pace
from worker.training.reporter import Reporter
from worker.training.step import train_step
from worker.training.watch import Watch

IDLE_S = 0.2
"""How long a paused loop sleeps at most before it looks whether it should end."""


class Loop:
    """Trains one game from a step to its end."""

    def __init__(
        self,
        game: Game,
        board: KnobBoard,
        control: Control,
        watch: Watch,
        guarding: Guarding,
        reporter: Reporter,
        checkpoints: Checkpoints,
    ) -> None:
        self.game = game
        self.board = board
        self.control = control
        self.watch = watch
        self.guarding = guarding
        self.reporter = reporter
        self.checkpoints = checkpoints
        self.pace = Pace()

    def run(self, done: int) -> tuple[Ending | None, int]:
        """Train.

        Args:
            done: steps already done.

        Returns:
            Who ended it (None: all steps are done), and the steps done.
        """
        steps = self.game.spec.steps
        if done == 0:
            self.watch.look(0, 0.0, everything=True)
        while done < steps:
            self.control.at_boundary(done)
            self._answer_checkpoints(done)
            if self.control.ending is not None:
                return self.control.ending, done
            if self.control.paused:
                self._hold(done)
                continue
            report = train_step(self.game, done + 1)
            done += 1
            self.reporter.scalars(done, report)
            watching_s = self.watch.look(done, self.pace.step_s, everything=done == steps)
            watching_s += self.guarding.look(done, report)
            if self.pace.step(watching_s) and self.pace.steps_per_s is not None:
                self.reporter.scalars(done, {"speed.steps_per_s": self.pace.steps_per_s})
            if self.checkpoints.due:
                self.checkpoints.write(snapshot(self.game, self.board, done), "interval")
            self.control.after_step()
        return None, done

    def _hold(self, done: int) -> None:
        """Stay at this boundary until somebody resumes or ends the run."""
        self.checkpoints.write(snapshot(self.game, self.board, done), "pause")
        self.reporter.say(done, RunStatus(status="paused"))
        while self.control.paused and self.control.ending is None:
            self.control.wait(IDLE_S)
            self.control.at_boundary(done)
            self._answer_checkpoints(done)
        if self.control.ending is None and not self.control.stepping:  # single steps leave the run paused
            self.reporter.say(done, RunStatus(status="running"))
        self.pace.skip()

    def _answer_checkpoints(self, done: int) -> None:
        asked, self.control.checkpoints_asked = self.control.checkpoints_asked, []
        if not asked:
            return
        writing = self.checkpoints.write(snapshot(self.game, self.board, done), "asked")
        writing.add_done_callback(lambda written: self._answer(asked, written, done))

    def _answer(self, asked: list[Request], written: "Future[CheckpointWritten]", done: int) -> None:
        error = written.exception()
        for request in asked:
            if error is None:
                self.control.answer(request, done, result={"name": written.result().name, "step": done})
            else:
                self.control.refuse(request, done, reason=f"the checkpoint could not be written: {error}")
