"""The recorder's loop: one at a time, and whatever is away, nothing is lost and nothing doubled."""

import os
import signal
import subprocess
import sys
import textwrap
from contextlib import contextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, func, select

from api.recorder import loop
from api.tables import EventRow
from contract import names
from contract.events import Log, RunStatus

pytestmark = [pytest.mark.stack, pytest.mark.databases("sqlite", "postgresql")]

ROOT = Path(__file__).parents[3]
START_S = 60
"""A process imports for two seconds, and longer beside a whole test suite."""


def n_events(stack, run):
    with stack.database.read() as session:
        return session.scalar(select(func.count()).select_from(EventRow).where(EventRow.run == run))


def test_one_records_while_another_waits_and_takes_over(server, start_recorder, until):
    first = start_recorder()
    until(lambda: server.redis.get(names.RECORDER_LEASE))
    holder = server.redis.get(names.RECORDER_LEASE)
    start_recorder()
    run = server.create()
    trainer = server.puppet(run.id)
    server.recorded(trainer.say(Log(message="a")))
    assert server.redis.get(names.RECORDER_LEASE) == holder
    first.stop()
    server.recorded(trainer.say(Log(message="b")))
    assert server.redis.get(names.RECORDER_LEASE) != holder
    assert n_events(server, run.id) == 3


def test_two_that_both_think_they_lead_double_nothing(server, start_recorder, until, monkeypatch):
    monkeypatch.setattr("api.redis_store.store.RedisStore.hold_recorder", lambda *_: True)
    run = server.create()
    trainer = server.puppet(run.id)
    start_recorder()
    start_recorder()
    for number in range(300):
        last = trainer.say(Log(message=str(number)))
    server.recorded(last)
    assert n_events(server, run.id) == 301


def test_redis_away_and_back(stack, valkey, until):
    run, trainer = stack.training()
    valkey.stop()
    until(lambda: stack.http.get("/ready").status_code == 503)
    valkey.start()
    stack.recorded(trainer.say(Log(message="back"), seq=trainer.seq + 1))
    assert n_events(stack, run.id) == 3


@contextmanager
def writing_hindered(url):
    """Nobody can write until the end; everybody can read."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.exec_driver_sql("BEGIN")
            connection.exec_driver_sql("LOCK TABLE events IN EXCLUSIVE MODE")
        yield
        connection.exec_driver_sql("ROLLBACK")
    engine.dispose()


def test_while_sql_is_locked_the_stream_holds(stack, settings, until, monkeypatch, caplog):
    run, trainer = stack.training()
    before = n_events(stack, run.id)
    with writing_hindered(settings.database):
        for number in range(5):
            last = trainer.say(Log(message=str(number)))
        assert n_events(stack, run.id) == before
        assert stack.redis.xlen(names.EVENTS) == before + 5
    stack.recorded(last)
    assert n_events(stack, run.id) == before + 5


def test_it_trims_what_is_recorded_and_keeps_the_newest(server, start_recorder, until, monkeypatch):
    monkeypatch.setattr(loop, "KEPT_ENTRIES", 100)
    monkeypatch.setattr(loop, "TRIM_EVERY", 50)
    run = server.create()
    trainer = server.puppet(run.id)
    for number in range(400):
        last = trainer.say(Log(message=str(number)))
    start_recorder()
    server.recorded(last)
    until(lambda: server.redis.xlen(names.EVENTS) <= 150)
    assert server.redis.xlen(names.EVENTS) >= 100
    assert n_events(server, run.id) == 401
    newest = server.redis.xrevrange(names.EVENTS, count=1)[0][0].decode()
    assert newest == last


def start_process(settings, script, tmp_path):
    """`python -m api.recorder`, or a script that changes it first."""
    environment = {
        "MODESCOPE_DATA": str(settings.data),
        "MODESCOPE_REDIS_URL": settings.redis,
        "MODESCOPE_DATABASE_URL": settings.database,
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "api.recorder"]
    if script is not None:
        path = tmp_path / "recorder_script.py"
        path.write_text(textwrap.dedent(script))
        command = [sys.executable, str(path)]
    with (tmp_path / "recorder.log").open("ab") as log:
        return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=tmp_path)


def test_kill_between_commit_and_trim_loses_and_doubles_nothing(server, settings, until, tmp_path):
    run = server.create()
    trainer = server.puppet(run.id)
    for number in range(50):
        last = trainer.say(Log(message=str(number)))
    hangs_after_commit = f"""
        import pathlib, threading
        from api.recorder import __main__, loop

        def hang(self):
            pathlib.Path({str(tmp_path / "committed")!r}).touch()
            threading.Event().wait()

        loop.Recorder._trim = hang
        __main__.main()
    """
    process = start_process(settings, hangs_after_commit, tmp_path)
    until((tmp_path / "committed").exists, START_S)
    server.recorded(last)
    process.send_signal(signal.SIGKILL)
    process.wait()
    server.redis.delete(names.RECORDER_LEASE)  # as if its time were over
    trainer.say(RunStatus(status="running", from_step=0))
    last = trainer.say(Log(message="after"))
    process = start_process(settings, None, tmp_path)
    until(lambda: server.cursor() == last, START_S)
    assert n_events(server, run.id) == 53
    process.terminate()
    assert process.wait(10) == 0
    assert server.redis.get(names.RECORDER_LEASE) is None


def test_kill_before_commit_records_once(server, settings, start_recorder, until, tmp_path):
    run = server.create()
    trainer = server.puppet(run.id)
    for number in range(50):
        last = trainer.say(Log(message=str(number)))
    dies_inside = """
        import os, pathlib, signal
        from api.recorder import __main__
        from api.recorder.derived import Derivation

        def die(self):
            os.kill(os.getpid(), signal.SIGKILL)

        Derivation.finish = die
        __main__.main()
    """
    process = start_process(settings, dies_inside, tmp_path)
    assert process.wait(START_S) == -signal.SIGKILL
    assert n_events(server, run.id) == 0
    server.redis.delete(names.RECORDER_LEASE)  # as if its time were over
    start_recorder()
    until(lambda: server.cursor() == last)
    assert n_events(server, run.id) == 51


@pytest.mark.databases("sqlite")
def test_it_says_why_it_cannot_start(settings, tmp_path):
    (tmp_path / "file").write_text("")
    broken = settings.model_copy(update={"database_url": SecretStr(f"sqlite:///{tmp_path}/file/modescope.db")})
    process = start_process(broken, None, tmp_path)
    assert process.wait(START_S) == 1
    assert "cannot start: cannot make the folder" in (tmp_path / "recorder.log").read_text()
