"""The SQL database: how to read it, how to write to it, and how it comes to have the tables of this version."""

import logging
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError
from sqlalchemy.orm import Session

log = logging.getLogger(__name__)

BUSY_TIMEOUT_MS = 10_000
"""How long a writer waits for another; the longest transaction here takes some 50 ms."""
CONNECT_TIMEOUT_S = 5
"""Of PostgreSQL, whose own default is to wait for ever."""
KINDS = ("sqlite", "postgresql")
MIGRATIONS = Path(__file__).parent / "migrations"
_MIGRATION_LOCK = 7_264_011
"""Any number, the same everywhere: PostgreSQL's advisory lock while tables are made."""


class UnusableDatabase(RuntimeError):
    """The database cannot be used, and what to do."""


class Database:
    """Reads and writes in transactions. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        """A database at a SQLAlchemy address; it connects when first used.

        Raises:
            UnusableDatabase: if the address is none, of another kind, or its folder cannot be made.
        """
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise UnusableDatabase(f"MODESCOPE_DATABASE_URL is no database address: {error}") from None
        if parsed.get_backend_name() not in KINDS:
            message = f"MODESCOPE_DATABASE_URL names {parsed.get_backend_name()!r}; allowed: {', '.join(KINDS)}"
            raise UnusableDatabase(message)
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        self._safe_name = parsed.render_as_string(hide_password=True)
        if self.is_sqlite and parsed.database:
            _make_folder(Path(parsed.database).parent)
        patience = {} if self.is_sqlite else {"connect_timeout": CONNECT_TIMEOUT_S}
        self._engine = create_engine(
            parsed, pool_pre_ping=not self.is_sqlite, pool_size=8, max_overflow=40, connect_args=patience
        )
        if self.is_sqlite:
            _use_wal(self._engine)
            self._reading = self._engine
        else:
            _wait_for_locks(self._engine)
            self._reading = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._writing = self._engine.execution_options(writes=True)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that sees one moment and changes nothing."""
        with Session(self._reading, autoflush=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session whose changes all take place at its end, or, after an exception, none."""
        with Session(self._writing, expire_on_commit=False) as session, session.begin():
            yield session

    def migrate(self) -> None:
        """Bring the tables to this version; several processes may do so at once.

        Raises:
            UnusableDatabase: if it cannot be reached or written, or is of a newer version.
        """
        try:
            with self._writing.begin() as connection:
                if not self.is_sqlite:
                    connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _MIGRATION_LOCK})
                _upgrade(connection)
        except DatabaseError as error:
            message = (
                f"cannot use the database {self._safe_name}: {error.orig}. Is its server there and its password right, "
                "or, for a file, may this user write to its folder and is there space?"
            )
            raise UnusableDatabase(message) from error

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"cannot make the folder {folder}: {error.strerror}; set MODESCOPE_DATA to one that can be written"
        raise UnusableDatabase(message) from error


def _upgrade(connection: Connection) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    present = MigrationContext.configure(connection).get_current_revision()
    if present is not None:
        try:
            ScriptDirectory.from_config(config).get_revision(present)
        except CommandError as error:
            message = (
                f"the database has version {present!r}, which this build of Modescope does not know: it was used by a "
                "newer one. Install that, or point MODESCOPE_DATA (MODESCOPE_DATABASE_URL) somewhere else"
            )
            raise UnusableDatabase(message) from error
    command.upgrade(config, "head")


def _begin_wal(cursor: Any) -> None:  # Any: a DBAPI cursor has no common type
    """SQLite does not wait by itself where several processes make a new file WAL at once.

    Raises:
        sqlite3.OperationalError: if it is still locked when a writer would have given up too.
    """
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _wait_for_locks(engine: Engine) -> None:
    """A writer on PostgreSQL waits for another as long as one on SQLite does."""

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        if connection.get_execution_options().get("writes", False):
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {BUSY_TIMEOUT_MS}")


def _use_wal(engine: Engine) -> None:
    """Transactions by hand, since sqlite3's own would begin late and then fail instead of waiting."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: Any, _record: object) -> None:  # Any: a DBAPI connection has no common type
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
        _begin_wal(cursor)
        cursor.execute("PRAGMA synchronous = NORMAL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        writes = connection.get_execution_options().get("writes", False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
