"""Watching a run from the command line: as a progress bar with current losses, as plain lines, or as JSON."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from contract.events import Envelope, RunStatus, Scalars, Status
from contract.numbers import dumps, number
from contract.runs import Run

ENDED: frozenset[Status] = frozenset({"finished", "stopped", "failed", "parked"})
FIRST = ("loss.d", "loss.g", "modes.captured")
PLAIN_INTERVAL_S = 2.0


@dataclass
class Watched:
    """What is known of a run while its events come in."""

    status: Status
    step: int
    steps: int
    reason: str | None = None
    latest: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, run: Run) -> "Watched":
        """As the api tells it."""
        return cls(run.status, run.step, run.steps, run.reason, {k: number(v) for k, v in run.latest.items()})

    def take(self, event: Envelope) -> None:
        """Take up one event."""
        body = event.typed()
        if isinstance(body, RunStatus):
            self.status, self.reason = body.status, body.reason
            if body.from_step is not None:
                self.step = body.from_step
        elif isinstance(body, Scalars):
            for group in body.groups:
                self.step = max([self.step, *group.steps])
                self.latest |= {name: values[-1] for name, values in group.values.items() if values}

    @property
    def figures(self) -> str:
        """The figures that tell most, on one line."""
        accuracies = sorted(name for name in self.latest if re.fullmatch(r"samples\..+\.accuracy", name))
        shown = [name for name in (*FIRST, *accuracies) if name in self.latest]
        return "  ".join(f"{name} {self.latest[name]:.4g}" for name in shown)


Show = Callable[[Watched, Iterator[Envelope]], None]
"""How a run is shown: consumes the events, which bring the first argument up to date as they come."""


def follow(run: Run, events: Iterable[Envelope], show: Show) -> Watched:
    """Show a run until it has ended.

    Args:
        run: as the api tells it.
        events: what comes after the run's cursor.
        show: `bar`, `lines` or `json_lines`.

    Returns:
        What the run was in the end.
    """
    watched = Watched.of(run)
    if watched.status not in ENDED:
        show(watched, _until_it_ends(watched, events))
    return watched


def _until_it_ends(watched: Watched, events: Iterable[Envelope]) -> Iterator[Envelope]:
    for event in events:
        watched.take(event)
        yield event
        if watched.status in ENDED:
            return


def bar(watched: Watched, events: Iterator[Envelope]) -> None:
    """A progress bar with the current figures, for a terminal."""
    columns = (
        TextColumn("{task.fields[status]:8}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns) as progress:
        task = progress.add_task("", total=watched.steps, status=watched.status, figures="")
        for _ in events:
            progress.update(task, completed=watched.step, status=watched.status, figures=watched.figures)


def lines(watched: Watched, events: Iterator[Envelope]) -> None:
    """A line every two seconds and at each change of state, for a file or a pipe."""
    said_at, said = 0.0, None
    for _ in events:
        if watched.status != said or time.monotonic() - said_at >= PLAIN_INTERVAL_S:
            said_at, said = time.monotonic(), watched.status
            click.echo(f"{watched.status}  step {watched.step}/{watched.steps}  {watched.figures}")


def json_lines(_watched: Watched, events: Iterator[Envelope]) -> None:
    """Each event as a line of JSON, for a program."""
    for event in events:
        click.echo(dumps(event))
