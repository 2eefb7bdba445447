"""A database that an earlier version made, with a run's history in it, comes to this version and loses nothing."""

import numpy as np
import pytest
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, insert, select

from api.database import MIGRATIONS, Database
from api.series.buckets import KEPT_BITS, summarise
from api.series.points import in_order
from api.store import checkpoints, events, ledger, runs, series
from contract.numbers import dumps
from contract.spec import RunSpec

pytestmark = pytest.mark.databases("sqlite", "postgresql")

FAR = 1_782_579_200_000_000_002
"""A position of our days: more than 32 bits."""
STEP = 5_000_000_000
"""A step that needs more than 32 bits, too."""
SPEC = RunSpec.model_validate(
    {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}, "steps": 1_000_000_000}
)
POINTS = in_order(np.array([1, 2, STEP]), np.array([0.1, np.nan, -np.inf]))
RUN = {
    "id": "0123456789ab", "name": "a name with ü and ␀", "notes": "", "tags": '["a"]', "spec": SPEC.model_dump_json(),
    "recipe": None, "parent": None, "parent_step": None, "created_at": 1.7e9 + 0.123456, "started_at": None,
    "finished_at": None, "status": "lost", "status_source": "api", "reason": "r", "traceback": None, "attempt": 2,
    "from_step": 10, "step": STEP, "steps": STEP, "device": "cpu", "knobs": "[]", "attributes": "{}",
    "was_paused": True, "losses": 1, "compacted_position": FAR - 1, "tail_points": 0, "tail_events": 0,
}  # fmt: skip
EVENT = {
    "position": FAR, "run": RUN["id"], "attempt": 2, "source": "trainer", "seq": 2**40, "step": STEP,
    "time": 1.7e9 + 0.25, "kind": "scalars", "blob": None,
    "body": '{"groups":[{"steps":[7],"values":{"loss.d":["NaN"]}}]}',
}  # fmt: skip
REQUEST = {
    "request_id": "q", "name": "game.d_steps", "run": RUN["id"], "kind": "knob", "old": "1", "new": "2",
    "author": "page", "reason": None, "asked_at": 1.7e9, "asked_position": FAR - 5, "outcome": "applied",
    "outcome_reason": None, "outcome_position": FAR - 4, "step": 11, "attempt": 2, "latency_ms": 3.5,
}  # fmt: skip
CHECKPOINT = {
    "run": RUN["id"], "step": 10, "attempt": 1, "name": "runs/x/10-1.safetensors", "sha256": "ab", "size_bytes": 2**33,
    "reason": "interval", "time": 1.7e9, "removed": False, "superseded": False,
}  # fmt: skip
CHUNK = {
    "run": RUN["id"], "series": "loss.d", "first_step": 1, "last_step": STEP, "n": 3,
    "buckets": summarise(POINTS, KEPT_BITS).encode(), "points": POINTS.encode(),
}  # fmt: skip
FIRST_ROWS = {
    "runs": [RUN],
    "events": [EVENT],
    "ledger": [REQUEST, REQUEST | {"request_id": "unanswered", "outcome": None, "asked_position": FAR - 3}],
    "checkpoints": [CHECKPOINT, CHECKPOINT | {"step": 5, "removed": True}],
    "series": [
        {"run": RUN["id"], "name": "loss.d", "ordinal": 0, "info": '{"name":"loss.d"}', "last_step": STEP, "last": "1"}
    ],
    "chunks": [CHUNK],
    "frames": [{"run": RUN["id"], "series": "samples", "step": STEP, "position": FAR}],
    "blobs": [{"run": RUN["id"], "sha256": "cd"}],
    "orphans": [{"name": "runs/gone/"}],
    "idempotency": [{"key": "k", "request_sha256": "ef", "run": RUN["id"], "created_at": 1.7e9}],
    "unreadable": [{"position": FAR - 9, "fields": "{}", "error": "e"}],
    "sweeps": [{"id": "s", "name": "a sweep", "recipe": None, "axes": "{}", "created_at": 1.7e9}],
}
"""A row or two of every table as its first version has them; `recorder_state` has its one from the start."""
ADDED = {
    "0002": {"ledger": {"over": 50, "shape": "cosine"}},
    "0003": {"runs": {"sweep": "s", "sweep_values": '{"r1.weight":1}'}},
    "0004": {"runs": {"left_out": "q"}},
}
"""Columns that a version has added, with a value that is not the default."""


def revisions():
    """Every version that was ever released, the first one first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in reversed(list(ScriptDirectory.from_config(config).walk_revisions()))]


def rows_of(revision):
    known = {table: [dict(row) for row in rows] for table, rows in FIRST_ROWS.items()}
    for version, added in ADDED.items():
        for table, columns in added.items() if version <= revision else ():
            known[table] = [row | columns for row in known[table]]
    return known


def make(url, revision):
    """A database of that version with its rows."""
    engine = create_engine(url)
    with engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name in FIRST_ROWS:
                connection.execute(insert(table), rows_of(revision)[table.name])
        connection.execute(tables.tables["recorder_state"].update().values(position=FAR, n_events=1))
    engine.dispose()


def contents(url):
    """Table → its rows."""
    engine = create_engine(url)
    tables = MetaData()
    with engine.connect() as connection:
        tables.reflect(connection)
        found = {
            name: [dict(row) for row in connection.execute(select(table)).mappings()]
            for name, table in tables.tables.items()
        }
    engine.dispose()
    return found


@pytest.fixture(params=revisions())
def revision(request):
    return request.param


@pytest.fixture
def url(empty_database_url, tmp_path):
    (tmp_path / "some" / "folder").mkdir(parents=True)
    return empty_database_url


def test_an_earlier_versions_rows_are_all_there(url, revision):
    make(url, revision)
    before = contents(url)
    database = Database(url)
    database.migrate()
    database.close()
    after = contents(url)
    assert {name for name in before if not before[name]} == set(), "a table without a row proves nothing"
    for name, rows in before.items():
        assert len(after[name]) == len(rows), name
        if name != "alembic_version":
            kept = [{column: row[column] for column in rows[0]} for row in after[name]]
            assert sorted(map(repr, kept)) == sorted(map(repr, rows)), name


def test_this_version_reads_what_an_earlier_one_wrote(url, revision):
    make(url, revision)
    database = Database(url)
    database.migrate()
    with database.read() as session:
        row = runs.find(session, RUN["id"])
        answer = runs.answers(session, [row])[0]
        assert (answer.name, answer.step, answer.created_at) == (RUN["name"], STEP, RUN["created_at"])
        assert answer.spec == SPEC
        assert [event.body["groups"][0]["steps"] for event in events.every(session, row.id)] == [[7]]
        items, _ = ledger.page(session, row.id, 0, 10)
        over = 50 if revision >= "0002" else 1
        assert [(item.request_id, item.outcome, item.over) for item in items] == [
            ("q", "applied", over), ("unanswered", None, over),
        ]  # fmt: skip
        assert [(each.step, each.size_bytes) for each in checkpoints.listed(session, row.id)] == [(10, 2**33)]
        of_series = series.find(session, row, "loss.d")
        found = series.scalars(session, row, of_series, 0, None, 100)
        assert found.steps == [1, 2, 7, STEP]
        assert dumps(found.last) == b'[0.1,"NaN","NaN","-Infinity"]'
    with database.write() as session:
        runs.find(session, row.id).status = "finished"
        session.flush()
        runs.remove(session, row.id)
    database.close()
    left = contents(url)
    emptied = {name for name, rows in left.items() if not rows}
    assert emptied == set(FIRST_ROWS) - {"orphans", "unreadable"}
