"""Twins in a real browser: a change in the ledger is twinned, and its page says how far that is from chance."""

import re

import pytest

from tests.e2e.test_main_job import curve, signed_in, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

STEPS = 200


def steered(client):
    """A run that has finished, the request that changed it once it had a checkpoint, and the step of the change."""
    quick = {"monitors": [{"name": "modes", "every": 20}], "guards": []}
    run = client.launch("ring-collapse", steps=STEPS, **quick)
    client.wait(run, lambda r: r["step"] > 20, within_s=120)
    client.post(f"/runs/{run}/commands", json={"command": "checkpoint"})
    client.ledger(run)
    request = client.patch(f"/runs/{run}/knobs", json={"optimiser.d.lr": 2e-3}).json()["request_id"]
    client.wait(run, lambda r: r["status"] == "finished", within_s=120)
    [change] = [item for item in client.ledger(run) if item["request_id"] == request]
    return run, request, change["step"]


def values(client, run):
    found = client.get(f"/runs/{run}/series/loss.g", params={"buckets": 10_000}).json()
    return dict(zip(found["steps"], found["last"], strict=True))


def test_a_change_of_a_run_that_ended_is_compared_with_its_twin_and_the_noise(page, server):
    client = server.client()
    run, request, step = steered(client)
    signed_in(page, server, f"/runs/{run}")
    button = page.get_by_test_id("ledger").get_by_test_id("twin")
    refusal = {"code": "no-such-checkpoint", "detail": "no checkpoint from before it"}
    page.route("**/twins", lambda route: route.fulfill(status=404, json=refusal), times=1)
    button.click()
    toast = page.get_by_test_id("toast")
    toast.wait_for()
    assert toast.inner_text() == refusal["detail"]
    assert page.url.endswith(f"/runs/{run}")

    button.click()
    page.wait_for_url(f"**/runs/{run}/twins/{request}")
    assert page.get_by_test_id("twin-change").inner_text() == "What optimiser.d.lr 1e-4 → 0.002 did"
    assert f"at step {step}" in page.get_by_test_id("twin-about").inner_text()
    forks = client.get(f"/runs/{run}/forks").json()["items"]
    untrained = forks[-1]["id"]  # it shows no noise after the change
    client.post(f"/runs/{untrained}/commands", json={"command": "stop"})
    states = page.get_by_test_id("twin-runs").get_by_test_id("status")
    ended = ["finished", "finished", "finished", "stopped"]
    wait_until(page, lambda: states.all_inner_texts() == ended, within_s=120, what="the twins' end")
    assert page.get_by_test_id("twin-series").input_value() == "modes.captured"
    linked = page.get_by_test_id("twin-runs").locator("a").evaluate_all("links => links.map(a => a.pathname)")
    assert linked == [f"/runs/{each}" for each in (run, *(fork["id"] for fork in forks))]

    page.get_by_test_id("twin-series").select_option("loss.g")
    page.wait_for_url("**?series=loss.g")
    for fork in forks[:2]:
        client.wait(fork["id"], lambda found: found["status"] == "finished")
    real, twin, noise = (values(client, each) for each in (run, *(fork["id"] for fork in forks[:2])))
    since = [at for at in real if at >= step]
    outside = [at for at in since if abs(real[at] - twin[at]) > abs(noise[at] - twin[at])]
    assert outside
    counted = f"leaves the band on {len(outside)} of the {len(since)} steps compared since the change ("
    words = page.get_by_test_id("twin-verdict")
    wait_until(page, lambda: counted in words.inner_text(), within_s=10, what=counted)
    assert f"first at step {outside[0]}. " in words.inner_text()
    assert words.inner_text().endswith("about 50 %. One twin of another seed is a glimpse of the noise, and no test.")
    for chart, lines in (("values", 3), ("difference", 2)):
        joined = lines * (len(since) - 1)
        wait_until(page, lambda c=chart, n=joined: curve(page, c).count("L") >= n, within_s=10, what=f"{lines} curves")
        assert page.get_by_test_id(f"chart-{chart}").locator(f'[data-testid="mark"][data-step="{step}"]').count() == 1
    ends = page.get_by_test_id("chart-values").locator(".ends span")
    assert sorted(ends.all_inner_texts()) == ["run", "seed 1", "seed 2", "twin"]

    page.reload()
    wait_until(page, lambda: counted in words.inner_text(), within_s=20, what="the same series after a reload")
    page.get_by_role("link", name=re.compile("seed 2$")).click()
    page.get_by_test_id("twin-of-run").click()
    page.wait_for_url(f"**/runs/{run}/twins/{request}")
