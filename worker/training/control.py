"""Live control: what people asked for takes effect at step boundaries, and every request gets one outcome."""

import threading
import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Literal, Protocol

from contract.events import (
    CommandApplied,
    CommandAsked,
    CommandRefused,
    KnobApplied,
    KnobAsked,
    KnobRefused,
    KnobRequest,
    KnobSuperseded,
    Log,
)
from contract.jobs import Change
from contract.knobs import KnobValue
from contract.numbers import shown
from contract.ramps import Ramp, Wish, takes_time
from contract.spec import PlannedChange
from worker.rules import Act
from worker.training.knob_board import KnobBoard, RefusedKnob
from worker.training.reporter import Reporter

Ending = Literal["stop", "park", "hand-back"]
MOST_SINGLE_STEPS = 100_000
DRY_RUN = "dry run: nothing was changed"


@dataclass(frozen=True)
class Request:
    """A knob request or a command, and when it was asked (Unix s)."""

    body: KnobAsked | CommandAsked
    asked_at: float


class Requests(Protocol):
    """Where requests come from: the run's stream, or a list in a test."""

    def take(self) -> list[Request]:
        """Everything that has come since the last call, oldest first; never waits."""

    def wait(self, timeout_s: float) -> None:
        """Return when something has come, or after the time."""


@dataclass(frozen=True)
class History:
    """What a run brings along when it goes on, and what it is to do."""

    run: str = ""
    """Its id: requests that a run makes of itself have ids made of it."""
    changes: Sequence[Change] = ()
    """Knob changes that are to be made again."""
    plan: Sequence[PlannedChange] = ()
    """Knob changes that are known beforehand."""
    answered: Collection[str] = ()
    """Ids of requests that have their outcome."""
    paused: bool = False


NOTHING_YET = History()


class Control:
    """Applies requests at the boundary before a step, and replays those that an earlier attempt applied."""

    def __init__(
        self,
        board: KnobBoard,
        reporter: Reporter,
        source: Requests,
        *,
        history: History = NOTHING_YET,
    ) -> None:
        self.paused = history.paused
        self.ending: Ending | None = None
        self.ended_by = ""
        """Who or what asked for the end."""
        self.checkpoints_asked: list[Request] = []
        """Checkpoint commands of this boundary; the loop writes and answers them."""
        self._board = board
        self._reporter = reporter
        self._source = source
        self._run = history.run
        self._replay = sorted(history.changes, key=lambda change: change.step)
        self._plan = sorted(history.plan, key=lambda planned: planned.step)
        self._answered = frozenset(history.answered)
        self._own: list[Request] = []
        """What the run asks of itself at the next boundary: its plan, its rules."""
        self._advanced = 0
        self._single_steps = 0
        self._handed_back = threading.Event()

    @property
    def stepping(self) -> bool:
        """Whether a `step` command is being carried out; the run pauses again after it."""
        return self._single_steps > 0

    def at_boundary(self, done: int) -> None:
        """Settle everything that was asked, before step done + 1 is computed."""
        self._board.begin_boundary(done + 1)
        self._advance(done + 1)
        self._repeat(done + 1)
        self._follow_plan(done + 1)
        requests = [*self._own, *self._source.take()]
        self._own = []
        self._settle_knobs([r for r in requests if isinstance(r.body, KnobAsked)], done + 1)
        for request in requests:
            if isinstance(request.body, CommandAsked):
                self._obey(request, request.body, done)
        if self._handed_back.is_set() and self.ending is None:
            self.ending, self.ended_by = "hand-back", "the worker"

    def after_step(self) -> None:
        """Count down a `step` command."""
        if self._single_steps > 0:
            self._single_steps -= 1
            self.paused = self._single_steps == 0

    def wait(self, timeout_s: float) -> None:
        """While paused: return when something was asked, or after the time."""
        self._source.wait(timeout_s)

    def hand_back(self) -> None:
        """End at the next boundary, so that another worker may go on; may be called from any thread."""
        self._handed_back.set()

    def answer(self, request: Request, done: int, *, result: dict[str, object] | None = None) -> None:
        """Say that a command has been carried out."""
        assert isinstance(request.body, CommandAsked)  # noqa: S101  # only commands are answered here
        self._reporter.say(
            done,
            CommandApplied(
                request_id=request.body.request_id,
                command=request.body.command,
                result=result,
                latency_ms=_latency_ms(request),
            ),
        )

    def values(self) -> dict[str, KnobValue]:
        """Every knob's value in force."""
        return self._board.values()

    def act(self, done: int, rule: str, wanted: Act, *, began: int, reason: str, dry_run: bool) -> None:
        """Ask for something in a rule's name; it takes effect at the boundary after that step.

        Args:
            done: the step that has just ended.
            rule: entry of the rule.
            wanted: knobs, or a command.
            began: step of the first look that found what the rule acts on.
            reason: for the ledger.
            dry_run: only say it.
        """
        key, author = f"{rule} {done}", f"rule {rule}"
        knobs = [self._asked_for(name, wish) for name, wish in wanted.knobs.items()]
        if wanted.command is None:
            self._ask(done, key, KnobAsked(request_id="", author=author, reason=reason, knobs=knobs), dry_run=dry_run)
            return
        body = CommandAsked(request_id="", author=author, reason=reason, command=wanted.command)
        if wanted.command == "rewind":  # the api forks the run and stops it; until then it waits
            turned = {knob.name: knob.value for knob in knobs}
            body.params = {"before": max(began - wanted.back, 0), "knobs": turned}
        self._ask(done, key, body, dry_run=dry_run)
        if wanted.command == "rewind" and not dry_run:
            pause = CommandAsked(request_id="", author=author, reason="waits to be rewound", command="pause")
            self._ask(done, f"{key} pause", pause)

    def _asked_for(self, name: str, wish: Wish) -> KnobRequest:
        value = self._board.fitting(name, wish.to)
        return KnobRequest(name=name, value=value, over=wish.over, shape=wish.shape)

    def _ask(self, done: int, key: str, body: KnobAsked | CommandAsked, *, dry_run: bool = False) -> None:
        """Let the run ask something of itself at its next boundary; what an earlier attempt answered is passed over.

        Args:
            done: steps done.
            key: the same whenever the run comes here again.
            body: its request_id is made here.
            dry_run: refuse it at once.
        """
        body.request_id = sha256(f"{self._run} {key}".encode()).hexdigest()[:16]
        if body.request_id in self._answered:
            return
        self._reporter.say(done, body)
        request = Request(body, time.time())
        if not dry_run:
            self._own.append(request)
        elif isinstance(body, KnobAsked):
            refused = KnobRefused(request_id=body.request_id, knobs=body.knobs, reason=DRY_RUN)
            self._reporter.say(done, refused)
        else:
            self.refuse(request, done, reason=DRY_RUN)

    def _follow_plan(self, step: int) -> None:
        while self._plan and self._plan[0].step <= step:
            planned = self._plan.pop(0)
            knobs = [self._asked_for(name, wish) for name, wish in planned.wishes.items()]
            body = KnobAsked(request_id="", author=planned.author, reason=planned.reason, knobs=knobs)
            self._ask(step, f"plan {planned.step} {len(self._plan)}", body)

    def refuse(self, request: Request, done: int, *, reason: str) -> None:
        """Say that a command has not been carried out, and why."""
        assert isinstance(request.body, CommandAsked)  # noqa: S101  # only commands are refused here
        body = CommandRefused(request_id=request.body.request_id, command=request.body.command, reason=reason)
        self._reporter.say(done, body)

    def _repeat(self, step: int) -> None:
        """Change again what was changed, request by request: one may begin where another has come to."""
        while self._replay and self._replay[0].step <= step:
            _, of_one_request = next(groupby(self._replay, key=lambda change: (change.step, change.request)))
            together = list(of_one_request)
            del self._replay[: len(together)]
            self._turn(step, together)

    def _settle_knobs(self, requests: list[Request], step: int) -> None:
        accepted = [request for request in requests if self._is_allowed(request, step)]
        winners = {knob.name: request for request in accepted for knob in _knobs(request)}
        for request in accepted:
            self._supersede([k for k in _knobs(request) if winners[k.name] is not request], request, winners, step)
        for request in accepted:
            self._apply([k for k in _knobs(request) if winners[k.name] is request], request, step)

    def _is_allowed(self, request: Request, step: int) -> bool:
        try:
            self._board.check({knob.name: knob.value for knob in _knobs(request)})
        except RefusedKnob as refused:
            body = KnobRefused(request_id=request.body.request_id, knobs=list(_knobs(request)), reason=str(refused))
            self._reporter.say(step, body)
            return False
        return True

    def _supersede(self, knobs: list[KnobRequest], request: Request, winners: dict[str, Request], step: int) -> None:
        for knob in knobs:
            by = winners[knob.name].body.request_id
            self._reporter.say(step, KnobSuperseded(request_id=request.body.request_id, knobs=[knob], by=by))

    def _apply(self, knobs: list[KnobRequest], request: Request, step: int) -> None:
        if not knobs:
            return
        try:
            before = self._turn(step, knobs)
        except RefusedKnob as refused:  # by a bound that only the component knows: the rank of a layer, another knob
            reason = str(refused)
            self._reporter.say(step, KnobRefused(request_id=request.body.request_id, knobs=list(knobs), reason=reason))
            return
        done = [knob.model_copy(update={"old": before[knob.name]}) for knob in knobs]
        body = KnobApplied(request_id=request.body.request_id, knobs=done, latency_ms=_latency_ms(request))
        self._reporter.say(step, body)

    def _turn(self, step: int, wanted: Sequence[KnobRequest | Change]) -> dict[str, KnobValue]:
        """Set knobs, or let them begin to move; answers the values before.

        Raises:
            RefusedKnob: if one of them is not allowed; then nothing has changed.
        """
        self._board.check({each.name: each.value for each in wanted})
        before = self._board.values()
        before |= {each.name: self._board.base(each.name) for each in wanted if each.shape == "pulse"}
        ramps = [
            Ramp(
                name=each.name,
                start=step,
                old=before[each.name],
                new=each.value,
                over=each.over,
                shape=each.shape,
                is_whole=self._board.is_whole(each.name),
            )
            for each in wanted
            if takes_time(each.over, each.shape)
        ]
        now = {each.name: each.value for each in wanted} | {ramp.name: ramp.at(step) for ramp in ramps}
        self._board.set(now)
        self._board.begin(ramps)
        self._reporter.scalars(step, {f"knob.{name}": float(value) for name, value in now.items()})
        return before

    def _advance(self, step: int) -> None:
        """Move the knobs that are on their way, once a step: a paused run comes here again and again."""
        if step == self._advanced:
            return
        self._advanced = step
        moved, refused = self._board.advance(step)
        for reason in refused:
            self._reporter.say(step, Log(level="warning", message=f"a knob stops on its way: {reason}"))
        if moved:
            self._reporter.scalars(step, {f"knob.{name}": float(value) for name, value in moved.items()})

    def _obey(self, request: Request, asked: CommandAsked, done: int) -> None:
        reason = self._objection(asked)
        if reason is not None:
            self.refuse(request, done, reason=reason)
            return
        match asked.command:
            case "checkpoint":
                self.checkpoints_asked.append(request)
                return
            case "pause":
                self.paused = True
            case "resume":
                self.paused, self._single_steps = False, 0
            case "rewind":
                return  # the api's to answer
            case "step":
                self._step(asked, done)
            case "stop" | "park":
                self.ending, self.ended_by = asked.command, asked.author
        self.answer(request, done)

    def _objection(self, asked: CommandAsked) -> str | None:
        """Why the command cannot be obeyed now; None when it can."""
        if self.ending is not None:
            return f"the run is ending ({self.ending} by {self.ended_by})"
        match asked.command:
            case "pause":
                return "the run is paused already" if self.paused else None
            case "resume":
                return None if self.paused or self.stepping else "the run is not paused"
            case "step":
                return self._objection_to_step(asked)
        return None

    def _objection_to_step(self, asked: CommandAsked) -> str | None:
        if not self.paused:
            return "step needs a paused run: pause it first"
        n, player = asked.params.get("n", 1), asked.params.get("player")
        if not isinstance(n, int) or isinstance(n, bool) or not 1 <= n <= MOST_SINGLE_STEPS:
            return f"n must be a whole number from 1 to {MOST_SINGLE_STEPS}; got {shown(n)}"
        if player not in (None, "D", "G"):
            return f"player must be D or G, or left out for a whole step; got {shown(player)}"
        if player is not None and self._board.values()[_freezing(player)]:
            return f"{player} is frozen: set {_freezing(player)} to false first"
        return None

    def _step(self, asked: CommandAsked, done: int) -> None:
        """Let single steps begin; where only one player is to train, the other is frozen for so long."""
        self.paused, self._single_steps = False, int(asked.params.get("n", 1))
        player = asked.params.get("player")
        if player is None:
            return
        other = KnobRequest(
            name=_freezing("G" if player == "D" else "D"), value=True, over=self._single_steps, shape="pulse"
        )
        if self._board.base(other.name) is True:
            return
        reason = f"a step of {player} alone"
        self._ask(done, asked.request_id, KnobAsked(request_id="", author=asked.author, reason=reason, knobs=[other]))
        own, self._own = self._own, []
        self._settle_knobs(own, done + 1)


def _freezing(player: str) -> str:
    """The knob that freezes a player."""
    return f"game.freeze_{player.lower()}"


def _knobs(request: Request) -> Iterable[KnobRequest]:
    return request.body.knobs if isinstance(request.body, KnobAsked) else ()


def _latency_ms(request: Request) -> float:
    return (time.time() - request.asked_at) * 1000
