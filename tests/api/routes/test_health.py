"""Health, readiness, workers and metrics."""

import httpx
import pytest

from contract import names
from contract.runs import Page, WorkerInfo

pytestmark = pytest.mark.stack


def test_health_needs_no_sign_in(server):
    answer = httpx.get(f"{server.url}/api/v1/health")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


def test_ready_names_each_dependency(stack, until):
    until(lambda: stack.http.get("/ready").status_code == 200)
    found = httpx.get(f"{stack.url}/api/v1/ready").json()
    assert found["status"] == "ready"
    assert {name: (one["ok"], one["needed"]) for name, one in found["dependencies"].items()} == {
        "redis": (True, True),
        "sql": (True, True),
        "artefacts": (True, True),
        "recorder": (True, True),
        "worker": (False, False),
    }
    assert "python -m worker" in found["dependencies"]["worker"]["detail"]
    stack.announce_worker()
    assert stack.get("/ready")["dependencies"]["worker"]["detail"] == "1 online"


def test_without_a_recorder_it_is_not_ready(server):
    answer = server.http.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert answer.json()["dependencies"]["recorder"]["ok"] is False


def test_without_redis_it_is_not_ready_and_says_nothing_secret(server, valkey):
    valkey.stop()
    answer = server.http.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["dependencies"]["redis"]["detail"].startswith("away (ConnectionError)")
    assert answer.json()["dependencies"]["sql"]["ok"] is True
    assert valkey.password not in answer.text


def test_with_a_redis_that_takes_no_writes_it_is_not_ready(stack, until):
    """As with a full disk: it answers, and refuses every write."""
    until(lambda: stack.http.get("/ready").status_code == 200)
    stack.redis.config_set("min-replicas-to-write", 1)
    try:
        answer = stack.http.get("/ready")
    finally:
        stack.redis.config_set("min-replicas-to-write", 0)
    assert answer.status_code == 503
    assert answer.json()["dependencies"]["redis"]["ok"] is False
    assert "make room on its disk" in answer.json()["dependencies"]["redis"]["detail"]
    until(lambda: stack.http.get("/ready").status_code == 200)


def test_workers_are_those_whose_heartbeat_goes_on(server):
    assert server.get("/workers")["items"] == []
    server.announce_worker("b")
    server.announce_worker("a", run="r1")
    found = Page[WorkerInfo].model_validate(server.get("/workers")).items
    assert [(one.name, one.slots[0].run) for one in found] == [("a", "r1"), ("b", None)]
    server.redis.delete(names.WORKERS + "b")
    assert len(server.get("/workers")["items"]) == 1


def test_the_catalogue_is_what_the_worker_announced(server, catalogue):
    assert server.get("/catalogue") == catalogue.model_dump(mode="json")
    server.redis.delete(names.CATALOGUE)
    answer = server.http.get("/catalogue")
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "no-worker-yet", "2")


def test_metrics_count(stack, until):
    _, trainer = stack.training()
    stack.create()
    stack.recorded(trainer.scalars([1], x=[1.0]))
    until(lambda: "modescope_events_recorded_total 4\n" in stack.http.get("/metrics").text)
    answer = stack.http.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert 'modescope_runs{status="running"} 1' in lines
    assert 'modescope_runs{status="queued"} 1' in lines
    assert "modescope_recorder_lag_seconds 0" in lines
    assert "modescope_viewers 0" in lines
    assert "modescope_log_entries 4" in lines
    for line in lines:
        assert line.startswith(("# HELP modescope_", "# TYPE modescope_", "modescope_"))


def test_metrics_show_a_recorder_that_is_behind(server):
    run = server.create()
    server.puppet(run.id).scalars([1], x=[1.0])
    lines = server.http.get("/metrics").text.splitlines()
    assert "modescope_events_recorded_total 0" in lines
