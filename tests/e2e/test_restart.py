"""Ctrl-C and `up` again, or kill -9: every run is there, and what was running goes on from its last checkpoint."""

import json
import random
import time
from contextlib import contextmanager

import httpx
import pytest

from benchmarks._stack import process_of, wait_until
from benchmarks.soak.accounts import settle
from benchmarks.soak.watching import Bookkeeper, Hand, Viewer
from modescope.valkey import Access

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]


def test_ctrl_c_and_up_again_loses_nothing(server):
    client = server.client()
    done = client.launch("ring-collapse", steps=60)
    client.wait(done, lambda r: r["status"] == "finished")
    run = client.launch("ring-collapse", steps=1_000_000)
    before = client.wait(run, lambda r: r["step"] > 300)
    waiting = client.launch("ring-collapse", steps=40)
    assert server.interrupt() == 0

    server.start()
    assert server.started_s < 30
    client = server.client()

    def goes_on(found):
        return found["attempt"] > before["attempt"] and found["status"] == "running" and found["step"] > before["step"]

    client.wait(run, goes_on, within_s=90)
    assert client.run(done)["status"] == "finished"
    assert len(client.steps(done, "loss.d")) == 60
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    stopped = client.wait(run, lambda r: r["status"] == "stopped")
    assert client.steps(run, "loss.d") == list(range(1, stopped["step"] + 1))
    starts = [e for e in client.events(run) if e["kind"] == "run.status" and e["body"].get("from_step") is not None]
    assert [e["attempt"] for e in starts] == sorted({e["attempt"] for e in starts})
    assert starts[-1]["body"]["from_step"] >= before["step"]
    client.wait(waiting, lambda r: r["status"] == "finished")


def test_no_event_is_doubled_or_missing(server):
    client = server.client()
    run = client.launch("ring-collapse", steps=1500)
    client.wait(run, lambda r: r["status"] == "finished")
    events = client.events(run)
    for source in ("trainer", "supervisor", "api"):
        numbers = [event["seq"] for event in events if event["source"] == source]
        assert numbers == list(range(1, len(numbers) + 1)), source
    assert len(client.steps(run, "loss.g")) == 1500


@contextmanager
def watching(server, run):
    """A viewer that reconnects, somebody who turns knobs, and who notes what Redis has acknowledged."""
    access = Access(**json.loads((server.data / "redis" / "access.json").read_text()))
    crew = (
        Viewer(server.client().http, run, random.Random(1)),
        Hand(server.client().http, run, random.Random(2)),
        Bookkeeper(access.url, run),
    )
    try:
        yield crew
    finally:
        for one in crew:
            one.stop()


def eventually(client, path, condition):
    """The answer once the condition holds for it, whoever is away meanwhile."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            answer = client.get(path)
        except httpx.TransportError:
            answer = None
        if answer is not None and answer.status_code == 200 and condition(answer.json()):
            return answer.json()
        time.sleep(0.1)
    raise AssertionError(f"{path}: {None if answer is None else answer.text}")


def test_kill_minus_9_of_redis_recorder_api_and_trainer_loses_and_doubles_nothing(server):
    """One round of `make soak`, which kills the worker too, and compares the curves with an undisturbed run's."""
    client = server.client()
    run = client.launch("ring-collapse", steps=1_000_000)
    client.wait(run, lambda found: found["status"] == "running" and found["step"] > 200)
    with watching(server, run) as (viewer, hand, bookkeeper):
        before = client.run(run)
        for kind in ("redis", "recorder", "api", "trainer"):
            process_of(server.process.pid, kind).kill()
            time.sleep(0.3)

        def goes_on(found):
            return found["attempt"] > before["attempt"] and found["status"] == "running"

        eventually(client, f"/runs/{run}", lambda found: goes_on(found) and found["step"] > before["step"])
        hand.stop()
        client.post(f"/runs/{run}/commands", json={"command": "stop"})
        stopped = client.wait(run, lambda found: found["status"] == "stopped")
        client.ledger(run)

        def accounts():
            return settle(client.events(run), bookkeeper.sent, viewer.seen, hand.accepted)

        wait_until(lambda: accounts().is_clean, 30, every_s=0.5)  # the run's last words are on their way
        found = accounts()
    print(found)  # noqa: T201  # the counts, in the log of whoever runs it with -rP
    assert found.is_clean, found
    assert found.accepted > 0
    assert bookkeeper.n_fallen == 0, "Redis forgot what it had acknowledged"
    assert client.steps(run, "loss.d") == list(range(1, stopped["step"] + 1))
