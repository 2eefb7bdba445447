"""Recording a batch of log entries: blobs first, then events and everything derived in one transaction.

The cursor moves in that transaction, and only from where it was: should two recorders ever run, one of them fails.
"""

import logging
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from api.artefacts import Artefacts
from api.database import Database
from api.recorder.derived import Derivation
from api.recorder.reading import Reading, read
from api.series import chunks
from api.store.ledger import ENDED
from api.store.state import THE_ROW, cursor_position
from api.tables import EventRow, RecorderRow, RunRow, UnreadableRow
from contract.names import blob_name

log = logging.getLogger(__name__)

PROGRAM_LIMIT = "54"
"""PostgreSQL's class of errors that name a limit of its own."""
CHUNK_POINTS = 1024
"""Points of the densest series that a chunk is made of."""
CHUNK_EVENTS = 256
"""Events that a tail may have: reading a series parses them all, at some 20 µs each."""


class Overtaken(RuntimeError):
    """Somebody else has recorded meanwhile."""


class Recording:
    """Writes log entries into SQL and the artefact store."""

    def __init__(self, database: Database, artefacts: Artefacts) -> None:
        self._database = database
        self._artefacts = artefacts

    def position(self) -> int:
        """How far everything is recorded."""
        with self._database.read() as session:
            return cursor_position(session)

    def record(self, after: int, entries: Sequence[tuple[str, Mapping[bytes, bytes]]]) -> int:
        """Record entries that follow a position; answers the position of the last.

        Raises:
            Overtaken: if the cursor is not at that position any more.
            OperationalError: if the database is away, busy or full; nothing was recorded.
            OSError: if the artefact store is.
        """
        readings = [read(entry_id, fields) for entry_id, fields in entries]
        return self._record(after, readings)

    def _record(self, after: int, readings: Sequence[Reading]) -> int:
        try:
            self._store_blobs(readings)
            with self._database.write() as session:
                self._write(session, after, readings)
        except (OperationalError, InterfaceError, OSError, Overtaken) as error:
            if not _is_beyond_limits(error):
                raise
            return self._record_singly(after, readings, error)
        except (SQLAlchemyError, ValueError, TypeError, KeyError, OverflowError) as error:
            return self._record_singly(after, readings, error)
        return readings[-1].position

    def _record_singly(self, after: int, readings: Sequence[Reading], error: Exception) -> int:
        """One of these cannot be recorded: find it, and keep it raw."""
        if len(readings) == 1 and readings[0].error is None:
            log.exception("event at %d cannot be recorded, it is kept raw", readings[0].position, exc_info=error)
            return self._record(after, [readings[0].spoilt(f"{type(error).__name__}: {error}")])
        if len(readings) == 1:
            raise error
        for reading in readings:
            after = self._record(after, [reading])
        return after

    def _store_blobs(self, readings: Sequence[Reading]) -> None:
        for reading in readings:
            if reading.event is not None and reading.event.blob is not None and reading.blob is not None:
                name = blob_name(reading.event.blob.sha256)
                if not self._artefacts.exists(name):
                    self._artefacts.put(name, reading.blob)

    def _write(self, session: Session, after: int, readings: Sequence[Reading]) -> None:
        state = session.scalar(select(RecorderRow).where(RecorderRow.id == THE_ROW).with_for_update())
        if state is None or state.position != after:
            raise Overtaken(f"the cursor is at {state.position if state else None}, not at {after}")
        for reading in readings:
            if reading.error is not None:
                log.error("log entry at %d cannot be read: %s", reading.position, reading.error)
                session.add(UnreadableRow(position=reading.position, fields=reading.raw(), error=reading.error))
        runs = self._runs(session, readings)
        fresh = self._insert(session, [one for one in readings if one.event is not None and one.event.run in runs])
        derivation = Derivation(session)
        for reading in fresh:
            if reading.event is not None and reading.body is not None:
                derivation.apply(runs[reading.event.run], reading.event, reading.body, reading.position)
        derivation.finish()
        self._compact(session, runs.values(), readings[-1].position)
        state.position, state.n_events = readings[-1].position, state.n_events + len(fresh)

    @staticmethod
    def _runs(session: Session, readings: Sequence[Reading]) -> dict[str, RunRow]:
        """The runs of these events that exist; events of one that was deleted are dropped."""
        ids = {reading.event.run for reading in readings if reading.event is not None}
        rows = session.scalars(select(RunRow).where(RunRow.id.in_(ids)).order_by(RunRow.id).with_for_update())
        return {row.id: row for row in rows}

    def _insert(self, session: Session, readings: Sequence[Reading]) -> list[Reading]:
        """Insert the events that are not there yet; answers which."""
        if not readings:
            return []
        columns = [_event_columns(reading) for reading in readings]
        inserted = set(session.scalars(_insert_new(self._database), columns))
        return [reading for reading in readings if reading.position in inserted]

    @staticmethod
    def _compact(session: Session, runs: Any, until: int) -> None:  # Any: a dict's values
        for run in runs:
            is_long = run.tail_points >= CHUNK_POINTS or run.tail_events >= CHUNK_EVENTS
            if is_long or (run.tail_events and run.status in (*ENDED, "parked")):
                chunks.compact(session, run, until)


def _is_beyond_limits(error: Exception) -> bool:
    """Whether PostgreSQL will never take this, such as a name too long for an index; it says so as if it were away."""
    state = getattr(getattr(error, "orig", None), "sqlstate", None)
    return state is not None and state.startswith(PROGRAM_LIMIT)


def _insert_new(database: Database) -> ReturningInsert[int]:
    """An insert that passes over what is there: a lost reply makes a writer say a thing twice."""
    if database.is_sqlite:
        return sqlite_insert(EventRow).on_conflict_do_nothing().returning(EventRow.position)
    return postgresql_insert(EventRow).on_conflict_do_nothing().returning(EventRow.position)


def _event_columns(reading: Reading) -> dict[str, Any]:  # Any: values of a row
    event = reading.event
    assert event is not None  # noqa: S101  # the caller has looked
    return {
        "position": reading.position,
        "run": event.run,
        "attempt": event.attempt,
        "source": event.source,
        "seq": event.seq,
        "step": event.step,
        "time": event.time,
        "kind": event.kind,
        "body": reading.fields[b"body"].decode(),
        "blob": None if event.blob is None else event.blob.model_dump_json(),
    }
