"""What SQL derives from events: the state of runs, the ledger, series, frames and checkpoints. One function a kind."""

from collections.abc import Callable, Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from api import knobs
from api.series import chunks
from api.series.points import decode
from api.store.ledger import ENDED
from api.tables import BlobRow, CheckpointRow, ChunkRow, FrameRow, LedgerRow, OrphanRow, RunRow, SeriesRow
from contract.events import (
    Body,
    CheckpointWritten,
    CommandAsked,
    CommandOutcome,
    Density,
    Eigenvalues,
    Envelope,
    Grid,
    KnobAsked,
    KnobOutcome,
    Points,
    RunStatus,
    Scalars,
    SeriesInfo,
    Spectrum,
)
from contract.numbers import dumps

UNANNOUNCED = 1_000_000
"""Where a series stands that was measured without having been announced: after all others."""


class Derivation:
    """Applies the events of one transaction, in their order."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._newest: dict[tuple[str, str], tuple[str, int, float | None]] = {}
        """(run, series) → kind, step and value of its last measurement in this transaction."""

    def apply(self, run: RunRow, event: Envelope, body: Body, position: int) -> None:
        """Take an event up into everything that is derived from it."""
        if event.source == "trainer" and event.step is not None and not isinstance(body, KnobOutcome):
            run.step = max(run.step, event.step)  # a knob's step is the one that comes next
        for kind, handler in _HANDLERS:
            if isinstance(body, kind):
                handler(self, run, event, body, position)

    def finish(self) -> None:
        """Write what was gathered."""
        known = self._known_series()
        for (run, name), (kind, step, value) in self._newest.items():
            row = known.get((run, name)) or self._series(run, name, kind)
            if row.last_step is None or step >= row.last_step:
                row.last_step, row.last = step, None if value is None else dumps(value).decode()
        self._newest.clear()
        self._session.flush()

    def on_status(self, run: RunRow, event: Envelope, body: RunStatus, position: int) -> None:
        """The run has come into a state; an end is final: a trainer that dies on its way out revives nothing."""
        if run.status in ENDED and event.attempt <= run.attempt:
            return
        run.attempt, run.status, run.status_source = event.attempt, body.status, event.source
        run.reason, run.traceback = body.reason, body.traceback
        if body.status in ("starting", "running") and run.started_at is None:
            run.started_at = event.time
        if body.status in ("running", "paused"):
            run.was_paused = body.status == "paused"
        if body.status == "lost":
            run.losses += 1
        if body.status in ENDED:
            run.finished_at = event.time
        if body.from_step is not None:
            self._begin_attempt(run, event, body, body.from_step, position)

    def _begin_attempt(self, run: RunRow, event: Envelope, body: RunStatus, from_step: int, position: int) -> None:
        run.from_step = from_step
        run.device = body.device
        if body.knobs is not None:
            run.knobs = knobs.encode(body.knobs)
        if body.attributes is not None:
            run.attributes = dumps(body.attributes).decode()
        for ordinal, info in enumerate(body.series or ()):
            row = self._series(run.id, info.name, info.kind)
            row.ordinal, row.info = ordinal, info.model_dump_json()
        if event.attempt > 1:
            self._supersede(run, event.attempt, from_step, position)
        run.step = from_step

    def _supersede(self, run: RunRow, attempt: int, from_step: int, position: int) -> None:
        """Hide what lower attempts measured after the step from which this one goes on. Event rows stay."""
        self.finish()
        chunks.compact(self._session, run, position)
        chunks.cut(self._session, run.id, from_step)
        session = self._session
        session.execute(delete(FrameRow).where(FrameRow.run == run.id, FrameRow.step > from_step))
        session.execute(
            update(CheckpointRow)
            .where(CheckpointRow.run == run.id, CheckpointRow.step > from_step, CheckpointRow.attempt < attempt)
            .values(superseded=True)
        )
        beyond = session.scalars(select(SeriesRow).where(SeriesRow.run == run.id, SeriesRow.last_step > from_step))
        for row in beyond.all():
            row.last_step, row.last = _last_kept(session, row)

    def on_scalars(self, run: RunRow, _event: Envelope, body: Scalars, _position: int) -> None:
        """All scalars of a moment."""
        for group in body.groups:
            if not group.steps:
                continue
            if not all(name.startswith("knob.") for name in group.values):  # a knob's row names the step to come
                run.step = max(run.step, *group.steps)
            for name, column in group.values.items():
                known = self._newest.get((run.id, name))
                if known is None or group.steps[-1] >= known[1]:
                    self._newest[run.id, name] = ("scalar", group.steps[-1], column[-1])
        run.tail_points += sum(len(group.steps) for group in body.groups)
        run.tail_events += 1

    def on_frame(
        self, run: RunRow, event: Envelope, body: Grid | Points | Spectrum | Eigenvalues | Density, position: int
    ) -> None:
        """A picture, points, or a spectrum."""
        step = event.step or 0
        self._session.merge(FrameRow(run=run.id, series=body.series, step=step, position=position))
        if event.blob is not None:
            self._session.merge(BlobRow(run=run.id, sha256=event.blob.sha256))
        self._newest[run.id, body.series] = (event.kind, step, None)

    def on_knob_asked(self, run: RunRow, event: Envelope, body: KnobAsked, position: int) -> None:
        """Somebody asked for new values."""
        for knob in body.knobs:
            old = None if knob.old is None else dumps(knob.old).decode()
            row = LedgerRow(kind="knob", name=knob.name, old=old, new=dumps(knob.value).decode())
            row.over, row.shape = knob.over, knob.shape
            self._ask(run, event, body, row, position)

    def on_command_asked(self, run: RunRow, event: Envelope, body: CommandAsked, position: int) -> None:
        """Somebody gave a command."""
        self._ask(run, event, body, LedgerRow(kind="command", name=body.command), position)

    def on_knob_outcome(self, _run: RunRow, event: Envelope, body: KnobOutcome, position: int) -> None:
        """What became of a request, or of some of its knobs."""
        reason = body.reason if body.by is None else f"{body.reason or 'superseded'} (by {body.by})"
        for knob in body.knobs:
            row = self._answer(event, body.request_id, knob.name, reason, body.latency_ms, position)
            if row is not None:
                row.new = dumps(knob.value).decode()
                row.old = row.old if knob.old is None else dumps(knob.old).decode()

    def on_command_outcome(self, _run: RunRow, event: Envelope, body: CommandOutcome, position: int) -> None:
        """What became of a command."""
        self._answer(event, body.request_id, body.command, body.reason, body.latency_ms, position)

    def on_checkpoint(self, run: RunRow, event: Envelope, body: CheckpointWritten, _position: int) -> None:
        """A checkpoint is complete; one that is newer than all before ends a row of losses."""
        step = event.step or 0
        newest = self._session.scalar(
            select(func.max(CheckpointRow.step)).where(CheckpointRow.run == run.id, CheckpointRow.superseded.is_(False))
        )
        if newest is None or step > newest:
            run.losses = 0
        kept = body.model_dump(include={"name", "sha256", "size_bytes", "reason"})
        self._session.merge(CheckpointRow(run=run.id, step=step, attempt=event.attempt, time=event.time, **kept))
        gone = update(CheckpointRow).where(CheckpointRow.run == run.id, CheckpointRow.name.in_(body.removed))
        self._session.execute(gone.values(removed=True))
        for name in body.removed:  # only now that its replacement is known: a fenced trainer's word never comes here
            self._session.merge(OrphanRow(name=name))

    def _ask(self, run: RunRow, event: Envelope, body: KnobAsked | CommandAsked, row: LedgerRow, position: int) -> None:
        if self._session.get(LedgerRow, (body.request_id, row.name)) is None:
            row.request_id, row.run, row.author, row.reason = body.request_id, run.id, body.author, body.reason
            row.asked_at, row.asked_position = event.time, position
            self._session.add(row)

    def _answer(
        self, event: Envelope, request: str, name: str, reason: str | None, latency_ms: float | None, position: int
    ) -> LedgerRow | None:
        """Give a request its outcome; None when it has one, since there is only one."""
        row = self._session.get(LedgerRow, (request, name))
        if row is None or row.outcome is not None:
            return None
        row.outcome, row.outcome_reason = event.kind.partition(".")[2], reason
        row.step, row.attempt, row.outcome_position, row.latency_ms = event.step, event.attempt, position, latency_ms
        return row

    def _known_series(self) -> dict[tuple[str, str], SeriesRow]:
        """The rows of what was gathered, with one question instead of one a series."""
        runs, names = ({key[part] for key in self._newest} for part in (0, 1))
        rows = self._session.scalars(select(SeriesRow).where(SeriesRow.run.in_(runs), SeriesRow.name.in_(names)))
        return {(row.run, row.name): row for row in rows}

    def _series(self, run: str, name: str, kind: str) -> SeriesRow:
        row = self._session.get(SeriesRow, (run, name))
        if row is None:
            info = SeriesInfo(name=name, kind=kind).model_dump_json()
            row = SeriesRow(run=run, name=name, ordinal=UNANNOUNCED, info=info)
            self._session.add(row)
        return row


def _last_kept(session: Session, row: SeriesRow) -> tuple[int | None, str | None]:
    """Step and value of a series' last measurement that is still shown."""
    chunk = session.scalar(
        select(ChunkRow)
        .where(ChunkRow.run == row.run, ChunkRow.series == row.name)
        .order_by(ChunkRow.first_step.desc())
        .limit(1)
    )
    if chunk is not None:
        return chunk.last_step, dumps(float(decode(chunk.points).values[-1])).decode()
    frame = select(func.max(FrameRow.step)).where(FrameRow.run == row.run, FrameRow.series == row.name)
    return session.scalar(frame), None


# Each handler takes the body of its own class; mypy cannot follow that through a list.
_Handler = Callable[..., None]
_HANDLERS: Sequence[tuple[type[Body], _Handler]] = (
    (RunStatus, Derivation.on_status),
    (Scalars, Derivation.on_scalars),
    (Grid, Derivation.on_frame),
    (Points, Derivation.on_frame),
    (Spectrum, Derivation.on_frame),
    (Eigenvalues, Derivation.on_frame),
    (Density, Derivation.on_frame),
    (KnobAsked, Derivation.on_knob_asked),
    (KnobOutcome, Derivation.on_knob_outcome),
    (CommandAsked, Derivation.on_command_asked),
    (CommandOutcome, Derivation.on_command_outcome),
    (CheckpointWritten, Derivation.on_checkpoint),
)
