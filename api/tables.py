"""The tables. What `events` says is the truth; everything else that the recorder writes is derived from it.

JSON stands in text columns, written by `contract.numbers`, so that NaN and infinities survive in every database.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from contract.ramps import Shape

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; in SQLite an INTEGER primary key is the row's own number and needs no second index."""


OF_GUARDS = "kind IN ('alarm.raised', 'alarm.cleared', 'guard.state')"
"""The few events that say what guards found, as their index and who asks for them must both write it."""


class Words(TypeDecorator[str]):
    """Text. PostgreSQL's cannot hold a NUL, so that one is kept as its picture, in every database."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002  # SQLAlchemy's
        """The text as it is kept."""
        return None if value is None else value.replace("\0", "␀")


class Base(DeclarativeBase):
    """Base of the tables."""


def _run_key(*, primary_key: bool = False) -> Mapped[str]:
    return mapped_column(Words, ForeignKey("runs.id", ondelete="CASCADE"), primary_key=primary_key)


class RunRow(Base):
    """A run: what was asked, and what its events have said of it so far."""

    __tablename__ = "runs"
    __table_args__ = (
        Index("runs_by_age", "created_at", "id"),
        Index("runs_by_status", "status"),
        Index("runs_by_parent", "parent"),
        Index("runs_of_sweep", "sweep"),
    )

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    name: Mapped[str] = mapped_column(Words)
    notes: Mapped[str] = mapped_column(Words, default="")
    tags: Mapped[str] = mapped_column(Words, default="[]")
    spec: Mapped[str] = mapped_column(Words)
    recipe: Mapped[str | None] = mapped_column(Words)
    parent: Mapped[str | None] = mapped_column(Words)
    parent_step: Mapped[int | None] = mapped_column(Big)
    left_out: Mapped[str | None] = mapped_column(Words)
    """Of a twin: the request of the parent whose changes it is without."""
    sweep: Mapped[str | None] = mapped_column(Words)
    sweep_values: Mapped[str | None] = mapped_column(Words)
    """JSON object: axis of the sweep → value that this run has."""
    created_at: Mapped[float] = mapped_column(Float)
    started_at: Mapped[float | None] = mapped_column(Float)
    finished_at: Mapped[float | None] = mapped_column(Float)
    status: Mapped[str] = mapped_column(Words)
    status_source: Mapped[str] = mapped_column(Words, default="api")
    reason: Mapped[str | None] = mapped_column(Words)
    traceback: Mapped[str | None] = mapped_column(Words)
    attempt: Mapped[int] = mapped_column(Integer, default=1)
    from_step: Mapped[int] = mapped_column(Big, default=0)
    """Step from which the attempt in force goes on."""
    step: Mapped[int] = mapped_column(Big, default=0)
    steps: Mapped[int] = mapped_column(Big)
    device: Mapped[str | None] = mapped_column(Words)
    knobs: Mapped[str] = mapped_column(Words)
    """JSON list of `KnobDescription`; `default` is the value in force at `from_step`."""
    attributes: Mapped[str] = mapped_column(Words, default="{}")
    was_paused: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whether it was paused when it last had a trainer."""
    losses: Mapped[int] = mapped_column(Integer, default=0)
    """Times it was lost in a row without a newer checkpoint."""
    compacted_position: Mapped[int] = mapped_column(Big, default=0)
    """Scalars up to this event are in `chunks`."""
    tail_points: Mapped[int] = mapped_column(Integer, default=0)
    """Points of the densest series since then, and events that hold them."""
    tail_events: Mapped[int] = mapped_column(Integer, default=0)


class SweepRow(Base):
    """A set of runs that were launched together, over the values of some axes."""

    __tablename__ = "sweeps"
    __table_args__ = (Index("sweeps_by_age", "created_at", "id"),)

    id: Mapped[str] = mapped_column(Words, primary_key=True)
    name: Mapped[str] = mapped_column(Words)
    recipe: Mapped[str | None] = mapped_column(Words)
    axes: Mapped[str] = mapped_column(Words)
    """JSON list of `SweepAxis`."""
    created_at: Mapped[float] = mapped_column(Float)


class EventRow(Base):
    """An event as it came."""

    __tablename__ = "events"
    __table_args__ = (
        UniqueConstraint("run", "attempt", "source", "seq", name="events_once"),
        Index("events_of_run", "run", "position"),
        Index("events_of_guards", "run", "position", sqlite_where=text(OF_GUARDS), postgresql_where=text(OF_GUARDS)),
    )

    position: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    run: Mapped[str] = _run_key()
    attempt: Mapped[int] = mapped_column(Integer)
    source: Mapped[str] = mapped_column(Words)
    seq: Mapped[int] = mapped_column(Big)
    step: Mapped[int | None] = mapped_column(Big)
    time: Mapped[float] = mapped_column(Float)
    kind: Mapped[str] = mapped_column(Words)
    body: Mapped[str] = mapped_column(Words)
    blob: Mapped[str | None] = mapped_column(Words)
    """JSON of `contract.events.Blob`."""


class UnreadableRow(Base):
    """A log entry that this build cannot read, kept whole for one that can."""

    __tablename__ = "unreadable"

    position: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    fields: Mapped[str] = mapped_column(Words)
    """JSON object: field → base64 of its bytes."""
    error: Mapped[str] = mapped_column(Words)


class RecorderRow(Base):
    """How far the recorder has come: one row."""

    __tablename__ = "recorder_state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Big, default=0)
    n_events: Mapped[int] = mapped_column(Big, default=0)


class LedgerRow(Base):
    """One knob of a request, or a command, with its one outcome."""

    __tablename__ = "ledger"
    __table_args__ = (Index("ledger_of_run", "run", "asked_position"),)

    request_id: Mapped[str] = mapped_column(Words, primary_key=True)
    name: Mapped[str] = mapped_column(Words, primary_key=True)
    run: Mapped[str] = _run_key()
    kind: Mapped[str] = mapped_column(Words)
    old: Mapped[str | None] = mapped_column(Words)
    new: Mapped[str | None] = mapped_column(Words)
    author: Mapped[str] = mapped_column(Words)
    reason: Mapped[str | None] = mapped_column(Words)
    asked_at: Mapped[float] = mapped_column(Float)
    asked_position: Mapped[int] = mapped_column(Big)
    outcome: Mapped[str | None] = mapped_column(Words)
    outcome_reason: Mapped[str | None] = mapped_column(Words)
    outcome_position: Mapped[int | None] = mapped_column(Big)
    step: Mapped[int | None] = mapped_column(Big)
    attempt: Mapped[int | None] = mapped_column(Integer)
    """The attempt that answered."""
    latency_ms: Mapped[float | None] = mapped_column(Float)
    over: Mapped[int] = mapped_column(Big, default=1, server_default="1")
    """Steps over which a knob moves to its new value."""
    shape: Mapped[Shape] = mapped_column(Words, default="linear", server_default="linear")


class CheckpointRow(Base):
    """A checkpoint that was written."""

    __tablename__ = "checkpoints"

    run: Mapped[str] = _run_key(primary_key=True)
    step: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    attempt: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(Words)
    sha256: Mapped[str] = mapped_column(Words)
    size_bytes: Mapped[int] = mapped_column(Big)
    reason: Mapped[str] = mapped_column(Words)
    time: Mapped[float] = mapped_column(Float)
    removed: Mapped[bool] = mapped_column(Boolean, default=False)
    """The trainer has replaced it by newer ones."""
    superseded: Mapped[bool] = mapped_column(Boolean, default=False)
    """A later attempt went on from an earlier step: the run's history does not lead here any more."""


class SeriesRow(Base):
    """A series of a run, as announced, with its last measurement."""

    __tablename__ = "series"

    run: Mapped[str] = _run_key(primary_key=True)
    name: Mapped[str] = mapped_column(Words, primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer)
    info: Mapped[str] = mapped_column(Words)
    """JSON of `SeriesInfo`."""
    last_step: Mapped[int | None] = mapped_column(Big)
    last: Mapped[str | None] = mapped_column(Words)
    """JSON number: a NaN in a float column would become NULL."""


class ChunkRow(Base):
    """Points of one scalar series, merged: distinct steps, in order, no two chunks of a series overlapping."""

    __tablename__ = "chunks"

    run: Mapped[str] = _run_key(primary_key=True)
    series: Mapped[str] = mapped_column(Words, primary_key=True)
    first_step: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    last_step: Mapped[int] = mapped_column(Big)
    n: Mapped[int] = mapped_column(Integer)
    buckets: Mapped[bytes] = mapped_column(LargeBinary)
    points: Mapped[bytes] = mapped_column(LargeBinary)


class FrameRow(Base):
    """Where the one measurement of a picture, points or spectrum series at a step is."""

    __tablename__ = "frames"

    run: Mapped[str] = _run_key(primary_key=True)
    series: Mapped[str] = mapped_column(Words, primary_key=True)
    step: Mapped[int] = mapped_column(Big, primary_key=True, autoincrement=False)
    position: Mapped[int] = mapped_column(Big)


class BlobRow(Base):
    """That a run uses a blob of the artefact store; several runs may use one."""

    __tablename__ = "blobs"
    __table_args__ = (Index("blobs_by_content", "sha256"),)

    run: Mapped[str] = _run_key(primary_key=True)
    sha256: Mapped[str] = mapped_column(Words, primary_key=True)


class OrphanRow(Base):
    """A name, or a folder's name ending in "/", in the artefact store that the recorder is to remove."""

    __tablename__ = "orphans"

    name: Mapped[str] = mapped_column(Words, primary_key=True)


class IdempotencyRow(Base):
    """That a request to create a run was answered, and by which run."""

    __tablename__ = "idempotency"

    key: Mapped[str] = mapped_column(Words, primary_key=True)
    request_sha256: Mapped[str] = mapped_column(Words)
    run: Mapped[str] = _run_key()
    created_at: Mapped[float] = mapped_column(Float)
