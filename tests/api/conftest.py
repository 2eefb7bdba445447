"""The stack under test: real uvicorn, real valkey, a real database, the recorder beside them, and a played worker.

Each test has a database of its own: a SQLite file. With MODESCOPE_TEST_DATABASE=postgresql it is one on a private
PostgreSQL server, and with postgresql://… one on that server. The mark `databases` names the kinds that a test runs on
without that; on PostgreSQL it is passed over where no server can be had.
"""

import hashlib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from api.artefacts import Artefacts
from api.backend import Backend
from api.database import Database
from api.main import create_app
from api.recorder.loop import Recorder
from api.recorder.recording import Recording
from api.recorder.timing import Timing
from api.server import Server
from api.settings import Settings
from api.store.state import cursor
from api.tables import RunRow
from contract import append, names
from contract.components import Catalogue, ComponentDescription, RecipeDescription
from contract.events import Blob, Body, Envelope, RunStatus, ScalarGroup, Scalars, SeriesInfo, to_fields
from contract.runs import Run, Slot, WorkerInfo
from tests.postgres import NoPostgres, PostgresDatabases, PostgresServer

TOKEN = "a-token-for-tests-only"
TEST_DATABASE = os.environ.get("MODESCOPE_TEST_DATABASE", "sqlite")
"""sqlite, postgresql, or the address of a PostgreSQL server where databases may be made."""
QUICK = Timing(lease_ms=2_000, block_ms=20, look_s=0.05)
"""A recorder that looks often; its patience with workers is as in life."""


def knob(default: float, **bounds: float) -> dict[str, Any]:
    return {"type": "number", "default": default, "knob": {"scale": "linear", "unit": ""}, **bounds}


def described(family: str, name: str, properties: dict[str, Any], **more: Any) -> ComponentDescription:
    schema = {"type": "object", "properties": properties, "additionalProperties": False}
    texts = {"title": name.title(), "summary": f"{name}.", "doc": f"{name}."}
    return ComponentDescription(family=family, name=name, params=schema, **texts, **more)


CATALOGUE = Catalogue(
    version="test",
    components=[
        described(
            "datasets",
            "faces",
            {"size": {"type": "integer", "enum": [16, 32], "default": 16}},
            provides={"sample": "image", "size": "$size", "labels": True},
            attributes={"hair": ["red", "blue"]},
        ),
        described("datasets", "ring", {}, provides={"sample": "points"}),
        described(
            "networks",
            "dcgan",
            {"width": {"type": "integer", "minimum": 8, "maximum": 256, "default": 48}},
            needs={"sample": "image"},
        ),
        described("networks", "mlp", {}, needs={"sample": "points"}),
        described("conditioning", "none", {}),
        described(
            "conditioning",
            "auxiliary",
            {"weight": knob(1.0, minimum=0, maximum=10)},
            needs={"labels": True},
            provides={"auxiliary": True},
        ),
        described("losses", "hinge", {"margin": knob(1.0, exclusiveMinimum=0, maximum=10)}),
        described(
            "regularisers",
            "r1",
            {"weight": knob(10.0, minimum=0, maximum=1000), "every": {"type": "integer", "minimum": 1, "default": 16}},
        ),
        described("optimisers", "adam", {"lr": knob(2e-4, exclusiveMinimum=0, maximum=1)}),
        described("averaging", "none", {}),
        described("monitors", "losses", {"every": {"type": "integer", "minimum": 1, "default": 1}}, default=True),
    ],
    recipes=[
        RecipeDescription(
            name="faces-acgan",
            title="Faces",
            look="Look. Then turn the knob.",
            duration="a minute",
            spec={
                "dataset": {"name": "faces"},
                "network": {"name": "dcgan"},
                "conditioning": {"name": "auxiliary"},
                "loss": {"name": "hinge"},
                "regularisers": [{"name": "r1"}],
                "steps": 500,
            },
        )
    ],
)


@dataclass
class Puppet:
    """Plays the trainer (or the supervisor) of one attempt, by the append script alone."""

    redis: Any
    run: str
    attempt: int = 1
    source: str = "trainer"
    seq: int = 0
    most_entries: int = append.MOST_ENTRIES

    def say(self, body: Body, step: int | None = None, blob: bytes | None = None, *, seq: int | None = None) -> str:
        """Append an event; answers its id."""
        answer = self.try_to_say(body, step, blob, seq=seq)
        assert answer.status == "ok", answer
        return answer.id

    def try_to_say(
        self, body: Body, step: int | None = None, blob: bytes | None = None, *, seq: int | None = None
    ) -> append.Appended:
        following = 0 if self.source == "api" else self.seq + 1  # the api has no count of its own
        number = following if seq is None else seq
        described_blob = None
        if blob is not None:
            sha256 = hashlib.sha256(blob).hexdigest()
            described_blob = Blob(sha256=sha256, media_type="image/png", size_bytes=len(blob))
        event = Envelope(
            run=self.run,
            attempt=self.attempt,
            source=self.source,
            seq=number,
            step=step,
            time=time.time(),
            kind=body.kind,
            body=body.model_dump(mode="json"),
            blob=described_blob,
        )
        answer = self.say_fields(to_fields(event, blob), number)
        if answer.status == "ok":
            self.seq = answer.seq
        return answer

    def say_fields(self, fields: dict[str, bytes], seq: int) -> append.Appended:
        keys = [names.EVENTS, names.attempt_key(self.run), names.sequence_key(self.run)]
        words = [part for pair in fields.items() for part in pair]
        answer = self.redis.eval(
            append.SCRIPT, len(keys), *keys, self.attempt, self.source, seq, self.most_entries, *words
        )
        return append.parse(answer)

    def begin(self, from_step: int = 0, *, series: tuple[str, ...] = (), **more: Any) -> str:
        infos = [SeriesInfo(name=name) for name in series]
        return self.say(RunStatus(status="running", from_step=from_step, series=infos, **more), from_step)

    def scalars(self, steps: list[int], **columns: list[float]) -> str:
        """One event; a dot in a name is written as two underscores."""
        values = {name.replace("__", "."): column for name, column in columns.items()}
        return self.say(Scalars(groups=[ScalarGroup(steps=steps, values=values)]), steps[-1])

    def take_lease(self, ttl_ms: int = 60_000) -> None:
        self.redis.set(names.lease_key(self.run), f"{self.attempt}:puppet", px=ttl_ms)

    def drop_lease(self) -> None:
        self.redis.delete(names.lease_key(self.run))


@dataclass
class Stack:
    """The servers of one test."""

    settings: Settings
    redis: Any
    url: str = ""
    http: httpx.Client = field(default_factory=httpx.Client)
    database: Database | None = None
    until: Callable[..., None] = lambda *_: None

    def create(self, recipe: str = "faces-acgan", **body: Any) -> Run:
        answer = self.http.post("/runs", json={"recipe": recipe, **body})
        assert answer.status_code == 201, answer.text
        return Run.model_validate(answer.json())

    def get(self, path: str, **query: Any) -> Any:
        answer = self.http.get(path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def run(self, run: str) -> Run:
        return Run.model_validate(self.get(f"/runs/{run}"))

    def puppet(self, run: str, attempt: int = 1, source: str = "trainer") -> Puppet:
        return Puppet(self.redis, run, attempt, source)

    def training(self, **body: Any) -> tuple[Run, Puppet]:
        """A run that is being trained by a puppet which holds its lease."""
        run = self.create(**body)
        puppet = self.puppet(run.id)
        puppet.take_lease()
        puppet.begin()
        self.until(lambda: self.run(run.id).status == "running")
        return run, puppet

    def recorded(self, event_id: str) -> None:
        """Wait until an event is in SQL."""
        wanted = tuple(map(int, event_id.split("-")))
        self.until(lambda: tuple(map(int, self.cursor().split("-"))) >= wanted)

    def cursor(self) -> str:
        assert self.database is not None
        with self.database.read() as session:
            return cursor(session)

    def announce_worker(self, name: str = "w1", run: str | None = None) -> None:
        now = time.time()
        info = WorkerInfo(
            name=name, host="h", pid=1, version="test", slots=[Slot(device="cpu", run=run)],
            memory_bytes=1, memory_total_bytes=2, started_at=now, seen_at=now,
        )  # fmt: skip
        self.redis.set(names.WORKERS + name, info.model_dump_json(), px=60_000)


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("page")
    sheets = "".join(f'<link rel="stylesheet" href="/static/styles/{name}.css">\n' for name in ("base", "more"))
    script = '<script type="module" src="/static/app.js"></script>'
    head = f'<meta name="plotly" content="/assets/plotly.min.js">{sheets}{script}'
    (folder / "index.html").write_text(f"<!doctype html><head>{head}</head>hello")
    (folder / "app.js").write_text("export const page = true;\n")
    (folder / "styles").mkdir()
    (folder / "styles" / "base.css").write_text("body { margin: 0 }\n")
    (folder / "styles" / "more.css").write_text("body { margin: 1px }\n")
    (folder / "secret.py").write_text("not served\n")
    return folder


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database_kind" in metafunc.fixturenames:
        marker = metafunc.definition.get_closest_marker("databases")
        wanted = ("sqlite",) if marker is None else marker.args
        metafunc.parametrize("database_kind", wanted if TEST_DATABASE == "sqlite" else ("postgresql",))


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresDatabases]:
    """Databases on a PostgreSQL server; a test that asks for one is passed over where there is none."""
    if "://" in TEST_DATABASE:
        yield PostgresDatabases(TEST_DATABASE)
        return
    try:
        server = PostgresServer()
    except NoPostgres as reason:
        if TEST_DATABASE != "sqlite":
            raise
        pytest.skip(str(reason))
    server.start()
    yield PostgresDatabases(server.url)
    server.remove()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with all tables, copied by every test: making them takes a while."""
    path = tmp_path_factory.mktemp("sql") / "modescope.db"
    _migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresDatabases) -> Iterator[str]:
    """The same on the PostgreSQL server."""
    url = postgres.create()
    _migrate(url)
    yield url
    postgres.drop(url)


def _migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


@pytest.fixture
def database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database with all tables and nothing in them."""
    if database_kind == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "modescope.db")
        yield f"sqlite:///{tmp_path}/modescope.db"
    else:
        databases: PostgresDatabases = request.getfixturevalue("postgres")
        url = databases.create(request.getfixturevalue("postgres_template"))
        yield url
        databases.drop(url)


@pytest.fixture
def empty_database_url(database_kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of a database without tables."""
    if database_kind == "sqlite":
        yield f"sqlite:///{tmp_path}/some/folder/modescope.db"
    else:
        databases: PostgresDatabases = request.getfixturevalue("postgres")
        url = databases.create()
        yield url
        databases.drop(url)


@pytest.fixture
def settings(tmp_path: Path, database_url: str, valkey: Any, page_folder: Path) -> Settings:
    return Settings(
        data=tmp_path,
        redis_url=SecretStr(valkey.url),
        database_url=SecretStr(database_url),
        token=SecretStr(TOKEN),
        frontend=page_folder,
        port=0,
    )


class Thread:
    """A server in a thread, and how to stop it."""

    def __init__(self, target: Callable[[], None], stop: Callable[[], None]) -> None:
        self._thread = threading.Thread(target=target, daemon=True)
        self._stop = stop
        self._thread.start()

    def stop(self) -> None:
        self._stop()
        self._thread.join(20)
        assert not self._thread.is_alive(), "a server did not stop"


@pytest.fixture
def start_recorder(settings: Settings) -> Iterator[Callable[..., Thread]]:
    """Starts recorders in threads; those that are still there are stopped at the end."""
    started: list[Thread] = []

    def start(timing: Timing = QUICK) -> Thread:
        backend = Backend.on(settings)
        recorder = Recorder(backend, timing)
        stop = threading.Event()

        def run() -> None:
            recorder.run(stop)
            backend.disconnect()

        started.append(Thread(run, stop.set))
        return started[-1]

    yield start
    for recorder in started:
        recorder.stop()


@pytest.fixture
def start_api(settings: Settings, until: Callable[..., None]) -> Iterator[Callable[[], str]]:
    """Starts the api in a thread; answers its address."""
    started: list[Thread] = []

    def start() -> str:
        server = Server(create_app(settings), settings)
        started.append(Thread(server.run, lambda: setattr(server, "should_exit", True)))
        until(lambda: server.started)
        port = server.servers[0].sockets[0].getsockname()[1]
        return f"http://127.0.0.1:{port}"

    yield start
    for server in started:
        server.stop()


@pytest.fixture
def server(
    settings: Settings, valkey: Any, start_api: Callable[[], str], until: Callable[..., None]
) -> Iterator[Stack]:
    """The api alone, and a worker that has announced its catalogue and gone."""
    redis = valkey.client()
    redis.set(names.CATALOGUE, CATALOGUE.model_dump_json())
    url = start_api()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    database = Database(settings.database)
    with httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=20) as http:
        yield Stack(settings, redis, url, http, database, until)
    redis.close()
    database.close()


@pytest.fixture
def stack(server: Stack, start_recorder: Callable[..., Thread]) -> Stack:
    """The api and the recorder."""
    start_recorder()
    return server


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """What the played worker can run."""
    return CATALOGUE


class Tape:
    """Makes log entries without a log: what the recorder would read."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[bytes, bytes]]] = []
        self._seq: dict[tuple[str, int, str], int] = {}

    def say(self, run: str, body: Body, step: int | None = None, **more: Any) -> str:
        """Add an event; `attempt`, `source`, `seq` and `blob` may be given."""
        attempt, source, blob = more.get("attempt", 1), more.get("source", "trainer"), more.get("blob")
        seq = more.get("seq") or self._seq.get((run, attempt, source), 0) + 1
        self._seq[run, attempt, source] = seq
        about = None
        if blob is not None:
            sha256 = more.get("sha256", hashlib.sha256(blob).hexdigest())
            about = Blob(sha256=sha256, media_type="image/png", size_bytes=len(blob))
        event = Envelope(
            run=run, attempt=attempt, source=source, seq=seq, step=step, time=more.get("time", 1e9),
            kind=body.kind, body=body.model_dump(mode="json"), blob=about,
        )  # fmt: skip
        return self.raw({b"seq": str(seq).encode(), **{k.encode(): v for k, v in to_fields(event, blob).items()}})

    def raw(self, fields: dict[bytes, bytes]) -> str:
        """Add an entry, whatever it holds."""
        self.entries.append((f"1700000000000-{len(self.entries) + 1}", fields))
        return self.entries[-1][0]

    def take(self) -> list[tuple[str, dict[bytes, bytes]]]:
        """What was added since the last time."""
        taken, self._taken = self.entries[self._taken :], len(self.entries)
        return taken

    _taken = 0


@pytest.fixture
def tape() -> Tape:
    return Tape()


@dataclass
class Desk:
    """A recorder's desk without Redis: entries go in, rows come out."""

    database: Database
    artefacts: Artefacts
    recording: Recording
    position: int

    def record(self, entries: list[tuple[str, dict[bytes, bytes]]]) -> None:
        if entries:
            self.position = self.recording.record(self.position, entries)

    def add_run(self, run: str, **columns: Any) -> None:
        known = {"name": run, "spec": "{}", "steps": 100, "knobs": "[]", "status": "queued", "created_at": 1.0}
        with self.database.write() as session:
            session.add(RunRow(id=run, **{**known, **columns}))

    def row(self, run: str) -> RunRow:
        with self.database.read() as session:
            found = session.get(RunRow, run)
        assert found is not None
        return found


@pytest.fixture
def desk(tmp_path: Path, database_url: str) -> Iterator[Desk]:
    database, artefacts = Database(database_url), Artefacts(f"file://{tmp_path}/artefacts")
    recording = Recording(database, artefacts)
    yield Desk(database, artefacts, recording, recording.position())
    database.close()


@pytest.fixture(scope="session")
def puppet_class() -> type[Puppet]:
    """Plays a trainer: `puppet_class(redis, run, attempt, source)`."""
    return Puppet
