"""Forks and replays on the real stack: both repeat a run to the last bit; and a fork is made in the browser."""

import pytest

from tests.e2e.test_main_job import signed_in, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.timeout(420)]

STEPS = 900


def finished(run):
    return run["status"] == "finished"


def checkpointed(client):
    """A run that has finished, with a checkpoint that was asked for on its way, and that checkpoint's step."""
    run = client.launch("ring-collapse", steps=STEPS)
    client.wait(run, lambda r: r["step"] > 200, within_s=120)
    client.post(f"/runs/{run}/commands", json={"command": "checkpoint"})
    client.wait(run, finished, within_s=120)
    [asked] = [c for c in client.get(f"/runs/{run}/checkpoints").json()["items"] if c["reason"] == "asked"]
    return run, asked["step"]


def losses(client, run):
    found = client.get(f"/runs/{run}/series/loss.d", params={"buckets": 10_000}).json()
    return dict(zip(found["steps"], found["last"], strict=True))


def test_an_unchanged_fork_repeats_its_parent_bit_for_bit_and_a_changed_one_does_not(server):
    client = server.client()
    run, step = checkpointed(client)
    assert 0 < step < STEPS
    parent = losses(client, run)
    same = client.post(f"/runs/{run}/forks", json={"checkpoint_step": step}).json()["id"]
    knobs = {"optimiser.d.lr": 2e-3}
    other = client.post(f"/runs/{run}/forks", json={"checkpoint_step": step, "knobs": knobs}).json()["id"]
    for fork in (same, other):
        client.wait(fork, finished, within_s=120)
    assert losses(client, same) == parent
    changed = losses(client, other)
    assert changed.keys() == parent.keys()
    assert all(changed[at] == loss for at, loss in parent.items() if at <= step)
    assert changed[step + 5] != parent[step + 5]
    [item] = client.ledger(other)
    assert (item["name"], item["new"], item["step"], item["outcome"]) == ("optimiser.d.lr", 2e-3, step + 1, "applied")


def test_a_run_that_was_steered_by_hand_is_repeated_from_its_file_bit_for_bit(server, tmp_path):
    client = server.client()
    rule = {"name": "on_series", "series": "loss.d", "when": "above", "threshold": -1, "warmup": 600, "do": "set",
            "knob": "optimiser.g.lr", "to": 2e-3}  # fmt: skip
    run = client.launch("ring-collapse", steps=STEPS, rules=[rule])
    client.wait(run, lambda r: r["step"] > 100, within_s=90)
    client.post(f"/runs/{run}/commands", json={"command": "checkpoint"})
    client.ledger(run)
    client.patch(f"/runs/{run}/knobs", json={"optimiser.d.lr": {"to": 5e-4, "over": 100}})
    client.post(f"/runs/{run}/commands", json={"command": "pause"})
    client.wait(run, lambda r: r["status"] == "paused")
    client.post(f"/runs/{run}/commands", json={"command": "step", "params": {"player": "D", "n": 3}})
    client.post(f"/runs/{run}/commands", json={"command": "resume"})
    client.wait(run, finished, within_s=120)
    steered = {(item["name"], item["author"]) for item in client.ledger(run) if item["kind"] == "knob"}
    assert {name for name, _ in steered} == {"optimiser.d.lr", "game.freeze_g", "optimiser.g.lr"}
    assert ("optimiser.g.lr", "rule on_series") in steered

    file = tmp_path / "again.yaml"
    exported = server.run_command("export", run, "-o", str(file))
    assert exported.returncode == 0, exported.stderr
    launched = server.run_command("launch", str(file), "--follow")
    assert launched.returncode == 0, launched.stderr
    again = client.wait(client.get("/runs").json()["items"][0]["id"], finished)
    assert (again["name"], again["spec"]["rules"]) == ("again", [])
    assert losses(client, again["id"]) == losses(client, run)
    repeated = [(i["name"], i["step"], i["author"]) for i in client.ledger(again["id"])]
    assert repeated == [(i["name"], i["step"], i["author"]) for i in client.ledger(run) if i["kind"] == "knob"]

    [lr] = [item for item in client.ledger(run) if item["name"] == "optimiser.d.lr"]
    twins = client.post(f"/runs/{run}/twins", json={"request_id": lr["request_id"], "noise": 1}).json()
    twin, noise = (client.wait(found["id"], finished)["id"] for found in (twins["twin"], *twins["noise"]))
    without, real = losses(client, twin), losses(client, run)
    assert {step for step, loss in real.items() if without[step] == loss} == set(range(1, lr["step"] + 1))
    knobs = [item["name"] for item in client.ledger(twin) if item["kind"] == "knob"]
    assert knobs == ["game.freeze_g", "optimiser.g.lr"], "all the rest was done"
    assert losses(client, noise)[lr["step"]] != real[lr["step"]]


@pytest.mark.browser
def test_a_run_is_forked_with_another_knob_in_the_browser(page, server):
    client = server.client()
    run, step = checkpointed(client)
    signed_in(page, server, f"/runs/{run}")
    wait_until(page, lambda: page.get_by_test_id("fork").is_enabled(), within_s=20, what="the checkpoints")
    page.get_by_test_id("fork").click()
    dialog = page.get_by_test_id("fork-dialog")
    dialog.get_by_test_id("fork-from").select_option(str(step))
    dialog.get_by_test_id("fork-add-knob").click()
    dialog.get_by_test_id("fork-knob").select_option("r1.weight")
    dialog.get_by_test_id("fork-value").fill("-1")
    dialog.get_by_test_id("fork-confirm").click()
    assert "r1.weight must be a number from 0" in dialog.get_by_test_id("fork-problem").inner_text()
    dialog.get_by_test_id("fork-value").fill("0.1")
    dialog.get_by_test_id("fork-steps").fill(str(step))
    dialog.get_by_test_id("fork-confirm").click()
    refused = dialog.get_by_test_id("fork-problem")
    wait_until(page, lambda: f"must be above {step}" in refused.inner_text(), within_s=10, what="the server's refusal")
    dialog.get_by_test_id("fork-steps").fill(str(step + 60))
    dialog.get_by_test_id("fork-confirm").click()
    page.wait_for_url(lambda url: "/runs/" in url and run not in url)
    child = page.url.rsplit("/", 1)[1]
    assert f"fork of {run} at step {step}" in page.get_by_test_id("parent").inner_text()
    client.wait(child, finished, within_s=120)
    wait_until(page, lambda: page.get_by_test_id("status").inner_text() == "finished", within_s=20, what="the end")
    assert page.get_by_test_id("knob-r1.weight").get_by_test_id("input").input_value() == "0.1"
    assert min(losses(client, child)) == 1
    page.get_by_test_id("parent").click()
    page.wait_for_url(f"**/runs/{run}?t={step}")


def test_a_fork_from_an_early_checkpoint_shows_its_past_without_a_reload(page, server):
    """The newest checkpoint's fork had it; of an earlier one the charts stayed empty up to the fork's step."""
    client = server.client()
    parent = client.launch("ring-collapse", steps=4000, seed=5)
    client.wait(parent, lambda run: run["status"] == "finished", within_s=120)
    first, *_, last = sorted(item["step"] for item in client.get(f"/runs/{parent}/checkpoints").json()["items"])
    assert first < last
    page.goto(server.link)
    page.get_by_test_id("runs-table").wait_for()
    page.goto(f"{server.url}/runs/{parent}")
    page.get_by_test_id("fork").click()
    page.get_by_test_id("fork-from").select_option(str(first))
    page.get_by_test_id("fork-confirm").click()
    page.wait_for_url(lambda url: f"/runs/{parent}" not in url and "/runs/" in url)
    page.wait_for_function(
        """() => [...document.querySelectorAll('.chart .js-plotly-plot')].some(
          (plot) => plot.data?.some(({ x }) => x.length > 2 && x[0] <= 100 && x[x.length - 1] > 200))""",
        timeout=40_000,
    )
