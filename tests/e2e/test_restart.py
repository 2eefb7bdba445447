"""Ctrl-C and `up` again: every run is there, and what was running goes on from its last checkpoint."""

import pytest

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
