"""The database comes to have this version's tables, or says why it cannot."""

import sqlite3
import threading

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import create_engine, select, text, update
from sqlalchemy.exc import OperationalError

from api.database import Database, UnusableDatabase
from api.tables import Base, RecorderRow


@pytest.fixture
def url(empty_database_url):
    return empty_database_url


@pytest.fixture
def file_url(tmp_path):
    return f"sqlite:///{tmp_path}/some/folder/modescope.db"


@pytest.mark.databases("sqlite", "postgresql")
def test_migrations_make_the_tables_that_the_code_has(url):
    database = Database(url)
    database.migrate()
    database.close()
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    engine.dispose()


@pytest.mark.databases("sqlite", "postgresql")
def test_several_processes_may_migrate_at_once(url):
    databases = [Database(url) for _ in range(4)]
    failures = []

    def migrate(database):
        try:
            database.migrate()
        except UnusableDatabase as error:
            failures.append(error)

    threads = [threading.Thread(target=migrate, args=(database,)) for database in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for database in databases:
        database.close()
    assert failures == []


def test_sqlite_is_set_up_for_readers_beside_a_writer(file_url):
    database = Database(file_url)
    database.migrate()
    with database.read() as session:
        settings = [session.scalar(text(f"PRAGMA {name}")) for name in ("journal_mode", "synchronous", "foreign_keys")]
    database.close()
    assert settings == ["wal", 1, 1]


@pytest.mark.databases("sqlite", "postgresql")
def test_a_newer_database_is_not_touched(url):
    database = Database(url)
    database.migrate()
    with database.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(UnusableDatabase, match="version '9999', which this build of Modescope does not know"):
        database.migrate()
    database.close()


def test_a_folder_that_cannot_be_made_is_said_at_start(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableDatabase, match=r"cannot make the folder .*; set MODESCOPE_DATA"):
        Database(f"sqlite:///{tmp_path}/file/modescope.db")


def test_a_database_that_cannot_be_written_is_said_at_start(tmp_path):
    (tmp_path / "modescope.db").write_bytes(b"this is no database, and long enough to be looked at" * 40)
    database = Database(f"sqlite:///{tmp_path}/modescope.db")
    with pytest.raises(UnusableDatabase, match="cannot use the database"):
        database.migrate()
    database.close()


@pytest.mark.databases("sqlite", "postgresql")
def test_a_writer_waits_for_another_and_then_gives_up(url, monkeypatch):
    monkeypatch.setattr("api.database.BUSY_TIMEOUT_MS", 200)
    database = Database(url)
    database.migrate()
    with database.write() as session:
        session.execute(update(RecorderRow).values(position=1))
        with pytest.raises(OperationalError), database.write() as other:
            other.execute(update(RecorderRow).values(position=2))
    with database.write() as session:
        assert session.scalar(select(RecorderRow.position)) == 1
    database.close()


@pytest.mark.parametrize(
    ("address", "words"), [("mysql://x", "'mysql'; allowed: sqlite, postgresql"), ("nonsense", "no database address")]
)
def test_other_addresses_are_refused(address, words):
    with pytest.raises(UnusableDatabase, match=words):
        Database(address)


@pytest.mark.databases("sqlite", "postgresql")
def test_a_failed_write_changes_nothing(url):
    database = Database(url)
    database.migrate()

    def fail():
        with database.write() as session:
            session.add(RecorderRow(id=2, position=5, n_events=5))
            session.flush()
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with database.read() as session:
        assert session.get(RecorderRow, 2) is None
    database.close()


@pytest.mark.databases("sqlite", "postgresql")
def test_a_reader_sees_one_moment(url):
    database = Database(url)
    database.migrate()
    with database.read() as session:
        assert session.get(RecorderRow, 2) is None
        with database.write() as other:
            other.add(RecorderRow(id=2, position=5, n_events=5))
        assert session.scalar(text("SELECT count(*) FROM recorder_state")) == 1
    database.close()


def test_the_file_is_an_ordinary_sqlite_database(file_url, tmp_path):
    database = Database(file_url)
    database.migrate()
    database.close()
    path = tmp_path / "some/folder/modescope.db"
    with sqlite3.connect(path) as connection:
        names = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert names == {*Base.metadata.tables, "alembic_version"}
