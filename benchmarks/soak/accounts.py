"""What was sent against what is stored, as counts. Plain arithmetic: nothing here talks to anybody."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

Writer = tuple[int, str]
"""Attempt and source."""
Event = Mapping[str, Any]  # an event as the REST API answers it
_GIVEN_UP = re.compile(r"(\d+) events with measurements up to step \d+ were given up")
OUTCOMES = ("applied", "refused", "superseded", "lost")


@dataclass(frozen=True)
class Accounts:
    """Of one run."""

    sent: int
    """Events that Redis had acknowledged."""
    stored: int
    doubled: int
    """Stored under one number, or with one step of one attempt, more than once."""
    given_up: int
    """Numbers that the trainer had no place to keep, and said so in the log."""
    missing: int
    """Sent, not stored, and not said to be given up."""
    viewed: int
    """Events that the viewer got."""
    viewed_twice: int
    viewed_never: int
    accepted: int
    """Knob changes answered with 202."""
    without_outcome: int
    with_several_outcomes: int

    @property
    def is_clean(self) -> bool:
        """Nothing lost and nothing doubled."""
        wrong = (
            self.doubled, self.missing, self.viewed_twice, self.viewed_never,
            self.without_outcome, self.with_several_outcomes,
        )  # fmt: skip
        return self.sent > 0 and self.stored > 0 and not any(wrong)

    def line(self) -> dict[str, int]:
        """As it is kept."""
        return asdict(self)


def settle(
    events: Sequence[Event], sent: Mapping[Writer, int], seen: Mapping[str, int], accepted: Iterable[str]
) -> Accounts:
    """The accounts of a run that has ended.

    Args:
        events: all that is stored of it.
        sent: attempt and source → the highest number that Redis acknowledged.
        seen: id of an event → how often the viewer got it.
        accepted: ids of the knob changes that were answered with 202.
    """
    stored = Counter((event["attempt"], event["source"], event["seq"]) for event in events)
    wanted = {(*writer, number) for writer, last in sent.items() for number in range(1, last + 1)}
    ids = {event["id"] for event in events}
    outcomes = _outcomes(events)
    given_up = sum(_holes(events))
    answered = [outcomes[request] for request in accepted]
    return Accounts(
        sent=len(wanted),
        stored=len(events),
        doubled=_excess(stored) + _excess(_steps(events)),
        given_up=given_up,
        missing=len(wanted - stored.keys()) - given_up,
        viewed=len(seen),
        viewed_twice=_excess(seen),
        viewed_never=len(ids - seen.keys()),
        accepted=len(answered),
        without_outcome=answered.count(0),
        with_several_outcomes=sum(number > 1 for number in answered),
    )


def steps_between(events: Sequence[Event], start: float, end: float) -> int:
    """Steps that the trainer reported in a span of its own time, in Unix seconds."""
    return len({step for event in events if start <= event["time"] < end for step in _steps_of(event)})


def begun_at(events: Sequence[Event], attempt: int) -> int | None:
    """The step from which an attempt went on; None when it did not begin."""
    begun = (event for event in events if event["kind"] == "run.status" and event["attempt"] == attempt)
    return next((step for event in begun if (step := event["body"].get("from_step")) is not None), None)


def _outcomes(events: Sequence[Event]) -> Counter[str]:
    """Request → how many outcomes the log has of it."""
    kinds = {f"knob.{outcome}" for outcome in OUTCOMES}
    return Counter(event["body"]["request_id"] for event in events if event["kind"] in kinds)


def _holes(events: Sequence[Event]) -> Iterator[int]:
    """Numbers left out where the log says how many events were given up: the word itself has the last one of them."""
    for event in events:
        said = _GIVEN_UP.match(event["body"]["message"]) if event["kind"] == "log" else None
        if said is not None:
            yield int(said[1]) - 1


def alarms_between(events: Sequence[Event], start: float, end: float) -> int:
    """Alarms raised in a span of the trainer's time, in Unix seconds."""
    return sum(event["kind"] == "alarm.raised" and start <= event["time"] < end for event in events)


def _steps(events: Sequence[Event]) -> Counter[tuple[int, int]]:
    """Attempt and step → how often D's loss was reported of it."""
    return Counter((event["attempt"], step) for event in events for step in _steps_of(event))


def _steps_of(event: Event) -> list[int]:
    if event["kind"] != "scalars":
        return []
    return [step for group in event["body"]["groups"] if "loss.d" in group["values"] for step in group["steps"]]


def _excess(counts: Mapping[Any, int]) -> int:
    return sum(number - 1 for number in counts.values())
