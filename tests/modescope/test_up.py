"""`modescope up` with real processes: what it starts, keeps alive, and leaves behind."""

import json
import os
import signal
import socket
import stat
from pathlib import Path

import pytest
import redis

from modescope import valkey
from modescope.datafolder import DataFolder, InUse

pytestmark = pytest.mark.stack


def _json(path: Path) -> dict:
    return json.loads(path.read_text())


def _redis(access: valkey.Access, *words: str) -> str:
    with redis.Redis.from_url(access.url, decode_responses=True) as client:
        return client.execute_command(*words)


def _environment(pid: int) -> dict[str, str]:
    pairs = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(pair.split("=", 1) for pair in pairs if pair)


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_starts_everything_then_prints_the_link_with_the_kept_token(running):
    up = running
    kept = running.folder / "data/token"
    assert up.text.count(f"http://127.0.0.1:{up.port}/#token={kept.read_text().strip()}") == 1
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert len(up.alive()) == 4
    assert up.text.index("Modescope is up") < up.text.index("Sign in at")
    assert up.starts("prepare"), "the default dataset is prepared before the link is printed"


def test_second_start_has_the_same_token_and_redis_port(start, tmp_path):
    first = start().wait_ready()
    access = (tmp_path / "data/redis/access.json").read_text()
    first.process.send_signal(signal.SIGTERM)
    assert first.wait() == 0
    second = start(MODESCOPE_PORT=str(first.port)).wait_ready()
    assert second.token == first.token
    assert (tmp_path / "data/redis/access.json").read_text() == access


def test_redis_needs_the_password_and_its_files_are_private(running):
    folder = running.folder / "data/redis"
    access = valkey.Access(**_json(folder / "access.json"))
    assert valkey.ping(access) is None
    assert "WRONGPASS" in valkey.ping(valkey.Access(access.port, "guess"))
    for name in ("access.json", "valkey.conf"):
        assert stat.S_IMODE((folder / name).stat().st_mode) == 0o600


def test_second_up_on_the_same_data_says_who_holds_it_and_touches_nothing(running):
    first = running
    pids = first.all_pids()
    second = first.another()
    assert second.wait() == 1
    assert f"in use by the server at http://127.0.0.1:{first.port}, process {first.process.pid}" in second.text
    assert first.alive() == pids


def test_dead_child_is_started_again_and_the_others_are_left_alone(running, until):
    up = running
    before = up.all_pids()
    os.kill(up.starts("worker")[-1], signal.SIGKILL)
    until(lambda: up.starts("worker")[-1] != before[3])
    assert up.alive()[:3] == before[:3]
    assert "worker ended (killed by SIGKILL; running out of memory" in up.text


def test_terminal_that_has_gone_ends_nothing(start, until, tmp_path):
    reading, writing = os.pipe()
    up = start(output=writing)
    until(lambda: up.all_pids(), 20)
    os.close(reading)
    worker = up.starts("worker")[-1]
    os.kill(worker, signal.SIGKILL)
    until(lambda: up.starts("worker")[-1] != worker)
    assert up.process.poll() is None


def test_dead_redis_comes_back_on_its_port_with_its_data(running, until):
    up = running
    access = valkey.Access(**_json(running.folder / "data/redis/access.json"))
    _redis(access, "SET", "kept", "yes")
    until(
        lambda: any("kept" in part.read_text() for part in running.folder.glob("data/redis/appendonlydir/*.incr.aof"))
    )
    first = up.redis_pid()
    os.kill(first, signal.SIGKILL)
    until(lambda: up.redis_pid() != first and valkey.ping(access) is None)
    assert _redis(access, "GET", "kept") == "yes"


def test_killed_leash_takes_its_service_along_before_the_next_start(running, until):
    up = running
    worker = up.starts("worker")[-1]
    os.kill(_parent(worker), signal.SIGKILL)
    until(lambda: up.starts("worker")[-1] != worker)
    assert not Path(f"/proc/{worker}").exists()


def test_kill_9_leaves_no_process_and_the_next_start_waits_for_the_last_to_end(start, until, tmp_path):
    (tmp_path / "worker.has_child").touch()
    up = start().wait_ready()
    until(lambda: up.starts("worker-child"), 20)
    up.process.kill()
    up.wait()
    until(lambda: up.left_behind() == [], 20)
    start().wait_ready()


def test_next_start_waits_while_a_killed_ones_processes_still_end(start, until, tmp_path):
    (tmp_path / "recorder.is_deaf").touch()
    up = start().wait_ready()
    deaf = up.starts("recorder")[-1]
    up.process.kill()
    up.wait()
    (tmp_path / "recorder.is_deaf").unlink()
    again = start().wait_ready()
    assert "waiting for its processes to end" in again.text
    assert not Path(f"/proc/{deaf}").exists()


def test_stops_in_order_and_redis_last(start, tmp_path):
    up = start().wait_ready()
    up.process.send_signal(signal.SIGINT)
    assert up.wait() == 0
    ends = sorted((float(words[2]), words[0]) for words in up.story() if words[1] == "end")
    assert [name for _, name in ends] == ["worker", "recorder", "api"]
    assert "bye bye" in (tmp_path / "data/logs/redis.log").read_text(), "Redis saved and ended by itself"
    assert up.left_behind() == []


def test_asked_to_stop_while_it_starts_it_stops(start, until, tmp_path):
    (tmp_path / "worker.is_late").touch()
    up = start()
    until(lambda: len(up.story()) == 4, 20)
    up.process.send_signal(signal.SIGTERM)
    assert up.wait() == 0
    assert up.left_behind() == []
    assert "Sign in at" not in up.text


def test_second_ctrl_c_does_not_wait_for_the_deaf(start, until, tmp_path):
    (tmp_path / "worker.is_deaf").touch()
    up = start().wait_ready()
    up.process.send_signal(signal.SIGINT)
    until(lambda: "Stopping" in up.text)
    up.process.send_signal(signal.SIGINT)
    assert up.wait(within_s=8) == 0
    assert up.left_behind() == []


def test_service_that_cannot_work_is_given_up_with_its_last_words(start, tmp_path):
    (tmp_path / "api.dies").touch()
    up = start()
    assert up.wait() == 1
    assert len(up.starts("api")) == 4
    assert "gave up after 4 starts: api ended (exit status 1)" in up.text
    assert "  | api cannot work: the sky is falling" in up.text
    assert "Sign in at" not in up.text
    assert up.left_behind() == []


def test_link_is_not_printed_before_the_worker_is_online(start, until, tmp_path):
    (tmp_path / "worker.is_late").touch()
    up = start()
    until(lambda: "Still starting: worker not there: start one" in up.text, 20)
    assert "Sign in at" not in up.text
    (tmp_path / "worker.is_late").unlink()
    up.wait_ready()


def test_dataset_that_cannot_be_prepared_stops_the_start_with_its_reason(start, tmp_path):
    (tmp_path / "prepare.dies").touch()
    up = start()
    assert up.wait() == 1
    assert "  | no pictures: the well is dry" in up.text
    assert up.left_behind() == []


def test_taken_port_is_named_with_the_variable_and_nothing_is_started(start):
    with socket.create_server(("127.0.0.1", 0)) as other:
        up = start(MODESCOPE_PORT=str(other.getsockname()[1]))
        assert up.wait() == 1
    assert f"port {up.port} on 127.0.0.1 is in use by another program; set MODESCOPE_PORT" in up.text
    assert up.story() == []


def test_port_taken_from_redis_since_the_last_start_is_replaced(start, tmp_path):
    up = start().wait_ready()
    up.process.send_signal(signal.SIGTERM)
    up.wait()
    kept = _json(tmp_path / "data/redis/access.json")
    with socket.create_server(("127.0.0.1", kept["port"])):
        start().wait_ready()
    now = _json(tmp_path / "data/redis/access.json")
    assert now["port"] != kept["port"]
    assert now["password"] == kept["password"]


def test_given_redis_is_used_and_none_started(start, tmp_path):
    up = start(MODESCOPE_REDIS_URL="redis://elsewhere:6379/0").wait_ready()
    assert not (tmp_path / "data/logs/redis.log").exists()
    for name in ("recorder", "api", "worker"):
        assert _environment(up.starts(name)[-1])["MODESCOPE_REDIS_URL"] == "redis://elsewhere:6379/0"


def test_only_the_api_is_told_the_token(start):
    up = start(MODESCOPE_TOKEN="a-secret-of-my-own").wait_ready()
    assert up.token == "a-secret-of-my-own"
    assert _environment(up.starts("api")[-1])["MODESCOPE_TOKEN"] == "a-secret-of-my-own"
    assert "MODESCOPE_TOKEN" not in _environment(up.starts("worker")[-1])


def test_orphaned_redis_still_holds_the_lock_on_its_files(start, until, tmp_path):
    up = start().wait_ready()
    redis_pid = up.redis_pid()
    os.kill(_parent(redis_pid), signal.SIGSTOP)
    up.process.kill()
    os.kill(_parent(redis_pid), signal.SIGKILL)
    up.wait()
    until(lambda: up.alive() == [redis_pid])
    with pytest.raises(InUse) as refused, DataFolder(tmp_path / "data").locked("http://127.0.0.1:1"):
        pass
    assert refused.value.by_leftovers
    os.kill(redis_pid, signal.SIGKILL)
