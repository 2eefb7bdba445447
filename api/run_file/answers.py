"""What the page of a run asks of the api, answered beforehand: each answer as it would be, of long series a part.

How much at most is fixed by kind, so that a file stays small enough to be sent: what is left out is counted, and said.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from api.artefacts import Artefacts
from api.concepts import Concepts
from api.store import checkpoints, events, ledger, runs, series
from api.tables import RunRow
from contract.events import Envelope
from contract.names import blob_name
from contract.numbers import dumps
from contract.runs import SeriesState, StepSeries

MOST_BUCKETS, FEWEST_BUCKETS = 600, 10
MOST_FRAMES, MOST_LOOKS, FEWEST = 120, 150, 2
BUCKET_BYTES = 80
"""A bucket of a scalar series as JSON: a step, three numbers of some 19 digits, a count."""
BUDGETS = {"scalar": 4_000_000, "frame": 5_000_000, "look": 3_000_000}
"""Bytes for all series of scalars; of pictures and points; of spectra, eigenvalues and densities. With the page and
Plotly, some 3 MB, a file has at most about 15 MB."""
FRAMES = frozenset({"grid", "points"})
MOST_EVENTS, MOST_REQUESTS = 1000, 10_000
MESSAGES = ("log", "monitor.disabled", "monitor.stretched", "run.status")
ALARMS = ("alarm.raised", "alarm.cleared", "guard.state")


@dataclass(frozen=True)
class Answer:
    """What the api says at a path."""

    path: str
    content: bytes
    media_type: str = "application/json"


def of_concepts(concepts: Concepts) -> Iterator[Answer]:
    """What the charts show, in words."""
    for each in concepts.listed():
        yield Answer(f"/concepts/{each.name}", dumps(concepts.find(each.name)))


@dataclass
class Cuts:
    """What is not whole, noted while the answers are read."""

    bucket_steps: int = 1
    series: list[dict[str, str | int]] = field(default_factory=list)
    lost: list[dict[str, str | int]] = field(default_factory=list)

    def note(self, info: SeriesState, kept: int, of: int) -> None:
        """Of a series so many measurements are kept."""
        if kept < of:
            self.series.append({"name": info.name, "kind": info.kind, "kept": kept, "of": of})


@dataclass
class Recording:
    """Reads the answers of one run, in one moment."""

    session: Session
    artefacts: Artefacts
    run: RunRow
    cuts: Cuts = field(default_factory=Cuts)

    def answers(self) -> Iterator[Answer]:
        """All of them, one after the other: none is held."""
        path = f"/runs/{self.run.id}"
        found, _ = ledger.page(self.session, self.run.id, 0, MOST_REQUESTS)
        infos = series.listed(self.session, self.run)
        yield Answer(path, dumps(runs.answers(self.session, [self.run])[0]))
        yield _listed(f"{path}/ledger", found)
        yield _listed(f"{path}/checkpoints", checkpoints.listed(self.session, self.run.id))
        yield _listed(f"{path}/series", infos)
        yield _listed(f"{path}/alarms", self._events(ALARMS))
        yield _listed(f"{path}/events", self._events(MESSAGES))
        for info in infos:
            share = BUDGETS[_kind(info)] // sum(_kind(each) == _kind(info) for each in infos)
            yield from self._of_series(f"{path}/series/{info.name}", info, share)

    def _events(self, kinds: tuple[str, ...]) -> list[Envelope]:
        found, _ = events.page(self.session, self.run.id, after=0, limit=MOST_EVENTS, kinds=kinds)
        return found

    def _of_series(self, path: str, info: SeriesState, share: int) -> Iterator[Answer]:
        row = series.find(self.session, self.run, info.name)
        if row is None:
            return
        if _kind(info) == "scalar":
            most = max(FEWEST_BUCKETS, min(MOST_BUCKETS, share // BUCKET_BYTES))
            scalars = series.scalars(self.session, self.run, row, 0, None, most)
            self.cuts.bucket_steps = max(self.cuts.bucket_steps, scalars.bucket_steps)
            yield Answer(path, dumps(scalars))
            return
        steps = series.frames(self.session, self.run, row, 0, None, 1)
        if _kind(info) == "frame":
            yield from self._frames(path, info, steps, share)
            return
        size = max((len(dumps(look)) for look in steps.looks), default=1)
        looks = series.frames(self.session, self.run, row, 0, None, max(FEWEST, min(MOST_LOOKS, share // size)))
        kept = looks.model_copy(update={"steps": [look.step for look in looks.looks]})
        self.cuts.note(info, len(kept.steps), len(looks.steps))
        yield Answer(path, dumps(kept))

    def _frames(self, path: str, info: SeriesState, found: StepSeries, share: int) -> Iterator[Answer]:
        """Pictures or points of some steps, each with what it shows; and which steps these are."""
        newest = [part for step in found.steps[-1:] for part in self._frame(path, info, step)]
        size = max(1, sum(4 * len(part.content) // 3 for part in newest))
        kept = []
        for step in series.spread(found.steps, 0, max(FEWEST, min(MOST_FRAMES, share // size))):
            parts = self._frame(path, info, step)
            if parts:
                kept.append(step)
            else:
                self.cuts.lost.append({"name": info.name, "step": step})
            yield from parts
        self.cuts.note(info, len(kept), len(found.steps))
        yield Answer(path, dumps(found.model_copy(update={"steps": kept})))

    def _frame(self, path: str, info: SeriesState, step: int) -> list[Answer]:
        """A measurement, and its picture if it has one; nothing where that is lost."""
        row = series.frame(self.session, self.run, info.name, step)
        if row is None:
            return []
        event = events.envelope(row)
        self.session.expunge(row)
        body = Answer(f"{path}/{step}", dumps(event.body))
        if event.blob is None:
            return [body]
        try:
            content = self.artefacts.get(blob_name(event.blob.sha256))
        except OSError:
            return []
        return [body, Answer(f"{path}/{step}", content, event.blob.media_type)]


def _kind(info: SeriesState) -> str:
    return "scalar" if info.kind == "scalar" else "frame" if info.kind in FRAMES else "look"


def _listed(path: str, items: object) -> Answer:
    return Answer(path, dumps({"items": items, "next": None}))
