"""A run that cannot be trained ends failed after its attempts, with the reason, and the next one starts."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

SPEC = {
    "dataset": {"name": "ring"},
    "network": {"name": "mlp", "z_dim": 4, "generator_width": 8, "discriminator_width": 8},
    "loss": {"name": "nonsaturating"},
    "monitors": [],
    "guards": [{"name": "non_finite", "every": 1}],
    "steps": 30,
    "batch": 16,
}
OVER = {"finished", "failed", "stopped"}


@pytest.fixture(scope="module")
def server(new_server, tmp_path_factory, cache):
    server = new_server(tmp_path_factory.mktemp("data"), cache)
    paths = (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))
    server.env |= {"MODESCOPE_PLUGINS": "poison", "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    yield server.start()
    server.end()


def launched(client, **changes):
    answer = client.post("/runs", json={"spec": {**SPEC, **changes}})
    assert answer.status_code == 201, answer.text
    return answer.json()["id"]


def poisoned(client, kind):
    return launched(client, regularisers=[{"name": "poison", "kind": kind}])


@pytest.mark.parametrize(
    ("kind", "attempts", "reason"),
    [("start", 1, "poisoned at the start"), ("memory", 1, "allocate"), ("killed", 3, "SIGKILL")],
)
def test_it_ends_failed_with_the_reason_and_the_next_run_starts(server, kind, attempts, reason):
    client = server.client()
    run, after = poisoned(client, kind), launched(client)
    found = client.wait(run, lambda run: run["status"] in OVER, within_s=150)
    assert found["status"] == "failed"
    assert reason in found["reason"], found["reason"]
    said = [event["body"] for event in client.events(run) if event["kind"] == "run.status"]
    assert [body["status"] for body in said].count("starting") == attempts, said
    assert client.wait(after, lambda run: run["status"] in OVER)["status"] == "finished"


def test_numbers_that_are_none_raise_an_alarm_at_their_step_and_the_run_ends(server):
    client = server.client()
    run = poisoned(client, "nan")
    assert client.wait(run, lambda run: run["status"] in OVER)["status"] == "finished"
    [alarm] = [event for event in client.events(run) if event["kind"] == "alarm.raised"]
    assert (alarm["body"]["guard"], alarm["step"]) == ("non_finite", 3)
    stopping = [{"name": "on_alarm", "alarm": "non_finite", "do": "stop"}]
    stopped = launched(client, regularisers=[{"name": "poison", "kind": "nan"}], rules=stopping, steps=100_000)
    found = client.wait(stopped, lambda run: run["status"] in OVER)
    assert found["status"] == "stopped"
    assert found["step"] < 1000
