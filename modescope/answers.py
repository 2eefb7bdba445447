"""What became of a request: one answer for each knob, or for the command, read from the run's events."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from contract.events import CommandOutcome, Envelope, KnobOutcome, Outcome
from contract.knobs import KnobValue


@dataclass(frozen=True)
class Answer:
    """The outcome of one knob of a request, or of a command."""

    name: str
    """The knob or the command."""
    outcome: Outcome
    step: int | None
    old: KnobValue | None = None
    new: KnobValue | None = None
    latency_ms: float | None = None
    reason: str | None = None

    @property
    def in_words(self) -> str:
        """The answer as a line: `auxiliary.weight: 1 → 0 applied at step 1200 (35 ms)`."""
        change = f": {self.old if self.old is not None else '?'} → {self.new}" if self.new is not None else ""
        at = f" at step {self.step}" if self.step is not None and self.outcome == "applied" else ""
        took = f" ({self.latency_ms:.0f} ms)" if self.latency_ms is not None else ""
        why = f": {self.reason}" if self.reason else ""
        unchanged = "; nothing changed" if self.outcome in ("refused", "lost") else ""
        return f"{self.name}{change} {self.outcome}{at}{took}{why}{unchanged}"


def answers(event: Envelope, request_id: str) -> Iterator[Answer]:
    """The answers to a request that an event carries; none when it is about something else."""
    subject, _, outcome = event.kind.partition(".")
    if subject not in ("knob", "command") or outcome == "asked" or event.body.get("request_id") != request_id:
        return
    body = event.typed()
    said = cast("Outcome", outcome)
    if isinstance(body, KnobOutcome):
        for knob in body.knobs:
            yield Answer(knob.name, said, event.step, knob.old, knob.value, body.latency_ms, body.reason)
    elif isinstance(body, CommandOutcome):
        yield Answer(body.command, said, event.step, latency_ms=body.latency_ms, reason=body.reason)


def gather(events: Iterable[Envelope], request_id: str, names: Collection[str]) -> Iterator[Answer]:
    """The answers to a request as they come, until each of the named knobs (or the command) has its one outcome."""
    open_names = set(names)
    for event in events:
        for answer in answers(event, request_id):
            open_names.discard(answer.name)
            yield answer
        if not open_names:
            return
