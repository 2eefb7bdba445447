"""The main job in a real browser: sign in, launch, watch, steer, and see at which step it took effect."""

import re

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]


def signed_in(page, server, where="/"):
    page.goto(server.link)
    page.get_by_test_id("recipes").wait_for()
    if where != "/":
        page.goto(server.url + where)
    return page


def step_of(page):
    return int(re.sub(r"\D", "", page.get_by_test_id("step").inner_text() or "0") or 0)


def curve(page, chart):
    """Everything that the chart draws as lines."""
    return (
        page.get_by_test_id(f"chart-{chart}")
        .locator(".scatterlayer path.js-line")
        .evaluate_all("paths => paths.map(path => path.getAttribute('d')).join()")
    )


def wait_until(page, condition, *, within_s, what):
    for _ in range(int(within_s * 10)):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within {within_s} s: {what}")


def test_launch_watch_and_steer_a_gan_from_the_browser(page, server):
    signed_in(page, server)
    assert "token" not in page.url
    page.get_by_test_id("launch-faces-acgan").click()
    page.wait_for_url("**/runs/*")
    run = page.url.rsplit("/", 1)[1]
    client = server.client()

    wait_until(page, lambda: step_of(page) > 0, within_s=90, what="a first step")
    wait_until(page, lambda: curve(page, "losses") != "", within_s=30, what="a curve of the losses")
    before = curve(page, "losses")
    wait_until(page, lambda: curve(page, "losses") != before, within_s=30, what="the losses to move")
    picture = page.get_by_test_id("samples-grid")
    picture.wait_for()
    assert picture.evaluate("img => [img.naturalWidth, img.naturalHeight]") == [6 * 16, 10 * 16]

    knob = page.get_by_test_id("knob-auxiliary.weight")
    knob.get_by_test_id("input").fill("0.25")
    page.get_by_test_id("apply-knobs").click()
    wait_until(
        page, lambda: "applied" in knob.get_by_test_id("state").inner_text(), within_s=60, what="applied at a step"
    )
    [item] = client.ledger(run)
    assert (item["name"], item["old"], item["new"], item["outcome"]) == ("auxiliary.weight", 1.0, 0.25, "applied")
    said = re.sub(r"\D", "", knob.get_by_test_id("state").inner_text().split("·")[0].split("@")[-1])
    assert int(said) == item["step"]
    marks = page.locator(f'[data-testid="mark"][data-step="{item["step"]}"]')
    wait_until(page, lambda: marks.count() >= 3, within_s=10, what="a mark on every chart")
    assert {k["name"]: k["value"] for k in client.run(run)["knobs"]}["auxiliary.weight"] == 0.25

    page.get_by_test_id("pause").click()
    client.wait(run, lambda r: r["status"] == "paused")
    wait_until(page, lambda: page.get_by_test_id("status").inner_text().strip() == "paused", within_s=10, what="paused")
    held = client.run(run)["step"]
    page.get_by_test_id("resume").click()
    client.wait(run, lambda r: r["step"] > held)
    page.get_by_test_id("stop").click()
    page.get_by_test_id("stop-confirm").click()
    ended = client.wait(run, lambda r: r["status"] == "stopped")
    assert ended["reason"] == "stopped by page"


def test_an_out_of_range_wish_is_refused_before_it_is_sent(page, server):
    client = server.client()
    run = client.launch("ring-collapse")
    signed_in(page, server, f"/runs/{run}")
    client.wait(run, lambda r: r["step"] > 0)
    knob = page.get_by_test_id("knob-optimiser.g.lr")
    knob.get_by_test_id("input").fill("-7")
    knob.get_by_test_id("input").press("Enter")
    state = knob.get_by_test_id("state")
    wait_until(page, lambda: "-7" in state.inner_text().replace("−", "-"), within_s=10, what="the reason")
    assert client.get(f"/runs/{run}/ledger").json()["items"] == []
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda r: r["status"] == "stopped")


def test_closing_the_browser_changes_nothing_and_reopening_shows_everything_once(browser, server):
    client = server.client()
    run = client.launch("ring-collapse", steps=100_000)
    client.wait(run, lambda r: r["step"] > 200)
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = signed_in(context.new_page(), server, f"/runs/{run}")
    wait_until(page, lambda: curve(page, "losses") != "", within_s=30, what="a curve")
    seen = client.run(run)["step"]
    context.close()
    client.wait(run, lambda r: r["step"] > seen + 300)

    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = signed_in(context.new_page(), server, f"/runs/{run}")
    wait_until(page, lambda: curve(page, "losses") != "", within_s=30, what="the history")
    page.get_by_test_id("pause").click()
    paused = client.wait(run, lambda r: r["status"] == "paused")
    wait_until(page, lambda: step_of(page) == paused["step"], within_s=10, what="the last step")
    assert client.steps(run, "loss.d") == list(range(1, paused["step"] + 1))
    context.close()
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda r: r["status"] == "stopped")


def test_two_people_see_each_others_changes(browser, server):
    client = server.client()
    run = client.launch("ring-collapse", steps=200_000)
    client.wait(run, lambda r: r["step"] > 0)
    contexts = [browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(2)]
    one, other = (signed_in(context.new_page(), server, f"/runs/{run}") for context in contexts)
    knob = one.get_by_test_id("knob-optimiser.d.lr")
    knob.get_by_test_id("input").fill("0.002")
    knob.get_by_test_id("input").press("Enter")
    seen = other.get_by_test_id("knob-optimiser.d.lr").get_by_test_id("state")
    wait_until(other, lambda: "applied" in seen.inner_text(), within_s=30, what="applied on the other's page")
    other.get_by_test_id("ledger-item").first.wait_for()
    for context in contexts:
        context.close()
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda r: r["status"] == "stopped")


def test_a_name_with_html_in_it_is_only_text(page, server):
    client = server.client()
    name = "<img src=x onerror=alert(1)><b>bold</b>"
    answer = client.post("/runs", json={"recipe": "ring-collapse", "overrides": {"steps": 50}, "name": name})
    run = answer.json()["id"]
    client.wait(run, lambda r: r["status"] == "finished")
    page.on("dialog", lambda dialog: pytest.fail("a script in a run's name ran"))
    signed_in(page, server)
    row = page.get_by_test_id(f"run-row-{run}")
    row.wait_for()
    assert name in row.inner_text()
    page.goto(f"{server.url}/runs/{run}")
    page.get_by_text(name).first.wait_for()
    assert page.locator("b").count() == 0


def test_an_unknown_run_is_said_to_be_unknown(page, server):
    signed_in(page, server, "/runs/0000deadbeef")
    page.get_by_text("There is no run").first.wait_for()


def test_the_printed_link_signs_in_where_the_page_is_open_already(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    page.get_by_test_id("sign-in").wait_for()
    page.evaluate("link => { location.href = link; }", server.link)
    page.get_by_test_id("recipes").wait_for()
    assert "token" not in page.url
    context.close()


def test_another_fragment_leaves_a_half_filled_form_alone(page, server):
    signed_in(page, server, "/launch?recipe=ring-collapse")
    steps = page.get_by_test_id("field-steps").locator("input")
    steps.fill("777")
    page.evaluate("() => { location.hash = 'page'; }")
    page.wait_for_timeout(300)
    assert steps.input_value() == "777"


def test_nothing_is_asked_of_another_host_and_the_policy_says_so(page, server):
    asked = set()
    page.on("request", lambda request: asked.add(request.url.split("/")[2]))
    signed_in(page, server)
    assert asked == {f"127.0.0.1:{server.port}"}
    policy = page.request.get(server.url).headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_without_the_token_nothing_is_shown(browser, server):
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.url)
    page.get_by_test_id("sign-in").wait_for()
    page.get_by_test_id("sign-in").locator("input").fill("not the token")
    page.get_by_test_id("sign-in-submit").click()
    problem = page.get_by_test_id("sign-in-problem")
    wait_until(page, lambda: problem.inner_text() != "", within_s=10, what="a reason")
    context.close()


def test_a_recipes_cure_fills_the_knobs_in_and_takes_effect_when_applied(page, server):
    signed_in(page, server)
    page.get_by_test_id("launch-ring-gan").click()
    page.wait_for_url("**/runs/*")
    run = page.url.rsplit("/", 1)[1]
    client = server.client()
    wait_until(page, lambda: step_of(page) > 0, within_s=90, what="a first step")
    page.get_by_test_id("cure").get_by_text("R1 penalty").click()
    knob = page.get_by_test_id("knob-r1.weight")
    filled = knob.get_by_test_id("input")
    wait_until(page, lambda: filled.input_value() == "0.1", within_s=5, what="the cure's value in the field")
    assert page.get_by_test_id("knob-reason").input_value() == "R1 penalty"
    assert client.get(f"/runs/{run}/ledger").json()["items"] == []
    page.get_by_test_id("apply-knobs").click()
    wait_until(
        page, lambda: "applied" in knob.get_by_test_id("state").inner_text(), within_s=60, what="applied at a step"
    )
    [item] = client.ledger(run)
    assert (item["name"], item["new"], item["reason"], item["outcome"]) == ("r1.weight", 0.1, "R1 penalty", "applied")
    schedules = page.get_by_test_id("folded-knobs").locator('[data-testid^="knob-optimiser."]')
    assert schedules.count() == 8
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda r: r["status"] == "stopped")


def test_a_knob_moves_over_several_steps_and_the_page_shows_where_it_is(page, server):
    client = server.client()
    run = client.launch("ring-gan", steps=100_000)
    signed_in(page, server, f"/runs/{run}")
    wait_until(page, lambda: step_of(page) > 0, within_s=90, what="a first step")
    knob = page.get_by_test_id("knob-r1.weight")
    knob.get_by_test_id("input").fill("0.1")
    page.get_by_test_id("knob-over").fill("none")
    page.get_by_test_id("apply-knobs").click()
    assert "must be a whole number from 1; got none" in page.get_by_test_id("knobs-problem").inner_text()
    page.get_by_test_id("knob-over").fill("600")
    page.get_by_test_id("apply-knobs").click()
    state = knob.get_by_test_id("state")
    wait_until(page, lambda: "moves to 0.1 until" in state.inner_text(), within_s=60, what="on its way")
    shown = float(knob.get_by_test_id("input").input_value())
    assert 0 <= shown < 0.1
    [item] = client.ledger(run)
    assert (item["new"], item["over"], item["shape"], item["outcome"]) == (0.1, 600, "linear", "applied")
    client.wait(run, lambda r: r["step"] > item["step"] + 700, within_s=120)
    wait_until(page, lambda: knob.get_by_test_id("input").input_value() == "0.1", within_s=20, what="there")
    way = client.get(f"/runs/{run}/series/knob.r1.weight", params={"buckets": 5000}).json()
    moved = dict(zip(way["steps"], way["last"], strict=True))
    assert moved[item["step"] + 299] == pytest.approx(0.05)
    assert max(moved) == item["step"] + 599
    page.get_by_test_id("undo").click()
    wait_until(page, lambda: knob.get_by_test_id("input").input_value() == "0", within_s=60, what="undone")
    [_, undone] = client.ledger(run, least=2)
    assert (undone["old"], undone["new"], undone["reason"]) == (0.1, 0, f"undo of step {item['step']}")
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
