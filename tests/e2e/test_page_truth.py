"""The page when things go wrong: it says what is the case, keeps what a person did, and never shows other data."""

import re
import time
from itertools import pairwise

import pytest

from benchmarks._stack import process_of
from tests.e2e.test_main_job import signed_in, step_of, wait_until
from tests.e2e.wire import Wire

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

QUICK = {"monitors": [{"name": "modes", "every": 100}], "guards": []}
HTML = "<img src=x onerror=alert(1)> & <b>bold</b><script>alert(2)</script>"
MARKUP = (
    "document.querySelectorAll('b, i:not([class]):not([aria-hidden] i), img[src=\"x\"], body script:not([src])').length"
)


@pytest.fixture(scope="module")
def run(server):
    """One that trains for as long as these tests take."""
    client = server.client()
    run = client.launch("ring-collapse", steps=10_000_000, **QUICK)
    client.wait(run, lambda found: found["step"] > 200, within_s=120)
    yield run
    client.post(f"/runs/{run}/commands", json={"command": "stop"})


@pytest.fixture
def opened(page, server, run):
    signed_in(page, server, f"/runs/{run}")
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    return page


def line(page, name="loss.d"):
    """Steps and values of a line as Plotly was given them."""
    return page.evaluate(
        """name => { const {x, y} = document.querySelector('[data-testid="chart-losses"] .js-plotly-plot').data
          .find((trace) => trace.name === name); return [x, y]; }""",
        name,
    )


def every_point(client, run, name, last):
    """Step → value, of all that is recorded up to a step."""
    found, low, window = {}, 0, 10_000
    while low <= last:
        params = {"buckets": window, "from": low, "to": low + window - 1}
        answer = client.get(f"/runs/{run}/series/{name}", params=params).json()
        assert answer["bucket_steps"] == 1
        found |= dict(zip(answer["steps"], answer["last"], strict=True))
        low += window
    return found


def seconds_until(page, condition, *, within_s, what):
    began = time.monotonic()
    wait_until(page, condition, within_s=within_s, what=what)
    return time.monotonic() - began


@pytest.fixture
def wired(page, server, run):
    """The page, opened through a wire that can be cut."""
    wire = Wire(server.port)
    page.goto(server.link.replace(f":{server.port}", f":{wire.port}"))
    page.get_by_test_id("recipes").wait_for()
    page.goto(f"http://127.0.0.1:{wire.port}/runs/{run}")
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    wait_until(page, lambda: "live" in page.get_by_test_id("data-age").inner_text(), within_s=10, what="live")
    yield page, wire
    wire.cut()


def warned(page):
    return re.search(r"\b(warn|bad)\b", page.get_by_test_id("data-age").get_attribute("class"))


def goes_on(page, client, run, step):
    """It goes on live; and, held at a step, the chart has every bucket once, with the numbers of the API."""
    wait_until(page, lambda: step_of(page) > step + 300, within_s=40, what="it goes on")
    wait_until(page, lambda: "live" in page.get_by_test_id("data-age").inner_text(), within_s=10, what="live again")
    assert not page.get_by_test_id("band-words").is_visible()
    client.post(f"/runs/{run}/commands", json={"command": "pause"})
    held = client.wait(run, lambda found: found["status"] == "paused")["step"]
    wait_until(page, lambda: step_of(page) == held, within_s=10, what="the last step")
    page.wait_for_timeout(2500)  # a chart on a slow machine is drawn every two seconds
    points = every_point(client, run, "loss.d", held)
    assert sorted(points) == list(range(1, held + 1))
    steps, values = line(page)
    width = steps[2] - steps[1]
    assert {after - at for at, after in pairwise(steps)} == {width}, "no gap, nothing twice"
    ends = [min(after - 1, held) for after in [*steps[1:], held + 1]]
    assert [points[end] for end in ends] == values, "each bucket ends with its last point"
    client.post(f"/runs/{run}/commands", json={"command": "resume"})
    client.wait(run, lambda found: found["step"] > held)


def test_a_cut_network_is_said_in_words_and_what_follows_has_no_gap_and_nothing_twice(wired, server, run):
    (page, wire), client = wired, server.client()
    band = page.get_by_test_id("band-words")
    wire.cut()
    took = seconds_until(page, lambda: warned(page), within_s=5, what="a warning")
    assert took <= 3
    took += seconds_until(
        page, lambda: band.is_visible() and "the connection is lost" in band.inner_text(), within_s=10, what="why"
    )
    assert took <= 10
    before, step = line(page), step_of(page)
    page.wait_for_timeout(1000)
    assert line(page) == before, "the charts stay as they were"
    assert page.get_by_test_id("status").inner_text() == "running", "what was known: the page does not guess"
    client.wait(run, lambda found: found["step"] > step + 500)
    wire.mend()
    goes_on(page, client, run, step)


def test_a_network_that_is_dead_without_a_word_is_not_blamed_on_the_trainer(wired, server, run):
    (page, wire), client = wired, server.client()
    band = page.get_by_test_id("band-words")
    wire.hold()
    took = seconds_until(page, lambda: warned(page), within_s=6, what="a warning")
    assert took <= 4, "three seconds, and the time to look"
    took += seconds_until(page, lambda: band.is_visible(), within_s=10, what="why")
    assert took <= 10
    assert "the server does not answer" in band.inner_text()
    step = step_of(page)
    wire.let_go()
    goes_on(page, client, run, step)


def test_zoom_cursor_focus_and_typed_text_outlast_fifty_updates(opened, server, run):
    page = opened
    page.goto(f"{server.url}/runs/{run}?t=150&zoom=100-200&log=losses")
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    field = page.get_by_test_id("knob-optimiser.d.lr").get_by_test_id("input")
    field.fill("0.00123")
    field.evaluate("input => input.setSelectionRange(2, 5)")
    page.evaluate(
        """() => { window.updates = 0;
          const step = document.querySelector('[data-testid="step"]');
          new MutationObserver(() => { window.updates += 1; }).observe(step, {childList: true}); }"""
    )
    look = """() => { const input = document.activeElement;
      const { xaxis, yaxis } = document.querySelector('[data-testid="chart-losses"] .js-plotly-plot')._fullLayout;
      return { address: location.href, focus: input.id, value: input.value,
        selected: [input.selectionStart, input.selectionEnd], zoom: xaxis.range, axis: yaxis.type,
        cursor: document.querySelector('[data-testid="rail"]').ariaValueNow, scrolled: window.scrollY }; }"""
    before = page.evaluate(look)
    assert (before["value"], before["selected"], before["cursor"]) == ("0.00123", [2, 5], "150")
    assert [round(step) for step in before["zoom"]] == [100, 200]
    wait_until(page, lambda: page.evaluate("window.updates") >= 50, within_s=60, what="fifty updates")
    assert page.evaluate(look) == before


def test_a_knob_turned_on_one_page_is_asked_and_then_applied_on_the_other_with_its_author(browser, server, run):
    client = server.client()
    contexts = [browser.new_context(viewport={"width": 1440, "height": 900}) for _ in range(2)]
    one, other = (signed_in(context.new_page(), server, f"/runs/{run}") for context in contexts)
    rows = [page.get_by_test_id("knob-optimiser.g.lr") for page in (one, other)]
    rows[1].wait_for()
    trainer = process_of(server.process.pid, "trainer")
    trainer.suspend()  # so that asked can be told from applied
    rows[0].get_by_test_id("input").fill("0.0007")
    one.get_by_test_id("knob-reason").fill(HTML)
    one.get_by_test_id("apply-knobs").click()
    try:
        for page, row in zip((one, other), rows, strict=True):
            state = row.get_by_test_id("state")
            wait_until(page, lambda state=state: "asked" in state.inner_text(), within_s=10, what="asked")
            assert row.get_attribute("data-value") != "0.0007", "in force is what the trainer says, not the wish"
    finally:
        trainer.resume()
    said = []
    for page, row in zip((one, other), rows, strict=True):
        wait_until(
            page, lambda row=row: "applied @" in row.get_by_test_id("state").inner_text(), within_s=20, what="applied"
        )
        assert row.get_attribute("data-value") == "0.0007"
        said.append(
            re.search(r"applied @\D*([\d\u202f]+)", row.get_by_test_id("state").inner_text())[1].replace("\u202f", "")
        )
    [item] = [item for item in client.ledger(run, least=1) if item["name"] == "optimiser.g.lr"]
    assert said == [str(item["step"])] * 2
    listed = other.locator('[data-testid="ledger-item"][data-name="optimiser.g.lr"]').inner_text()
    assert "page" in listed
    assert HTML in listed, "the reason, as it was written"
    assert other.evaluate(MARKUP) == 0
    headers = {"X-Modescope-Author": "<b>maria</b>"}
    client.patch(f"/runs/{run}/knobs", json={"optimiser.g.lr": 0.0008}, headers=headers)
    for page, row in zip((one, other), rows, strict=True):
        wait_until(
            page, lambda row=row: "<b>maria</b>" in row.get_by_test_id("state").inner_text(), within_s=20, what="who"
        )
    for context in contexts:
        context.close()


def test_markup_in_a_runs_name_tags_and_notes_is_text_on_every_page(page, server):
    client = server.client()
    made = client.post(
        "/runs", json={"recipe": "ring-collapse", "overrides": {"steps": 30, **QUICK}, "name": HTML}
    ).json()["id"]
    label = {"tags": [HTML, "<b>tag</b>"], "notes": HTML}
    assert client.patch(f"/runs/{made}", json=label).status_code == 200
    page.on("dialog", lambda dialog: pytest.fail("a script in a name ran"))
    signed_in(page, server)
    page.get_by_test_id(f"run-row-{made}").wait_for()
    for address in ("/", f"/runs/{made}", "/workers"):
        page.goto(server.url + address)
        if address != "/workers":
            page.get_by_text(HTML).first.wait_for()
        page.wait_for_timeout(400)
        assert page.evaluate(MARKUP) == 0, address
        if address.startswith("/runs/"):
            assert page.title() == f"{HTML} · Modescope"
    client.post(f"/runs/{made}/commands", json={"command": "stop"})


def test_an_unknown_run_has_a_page_of_its_own_and_nothing_of_another(opened, server, run):
    page = opened
    for address in ("/runs/0000deadbeef", f"/runs/{run}x", "/runs/..%2F..%2Fetc", f"/runs/{run}/twins/nosuch"):
        page.evaluate(
            "address => { history.pushState(null, '', address); dispatchEvent(new PopStateEvent('popstate')); }",
            address,
        )
        page.get_by_text(re.compile("There is no run|nothing to compare|no such page")).first.wait_for()
        assert (
            page.locator(".js-plotly-plot, [data-testid=knobs], [data-testid=samples-grid], [data-testid=step]").count()
            == 0
        )
        assert page.get_by_test_id("status").count() == 0, "no state of a run that is not shown"
        assert page.get_by_role("link", name="Runs").count() >= 1


def test_a_trainer_that_is_killed_is_said_in_words_and_stays_said(opened, server, run):
    page, client = opened, server.client()
    wait_until(page, lambda: "live" in page.get_by_test_id("data-age").inner_text(), within_s=10, what="live")
    attempt = client.run(run)["attempt"]
    alarms, words = page.get_by_test_id("alarms"), "The trainer was lost: the trainer was killed by SIGKILL"
    process_of(server.process.pid, "trainer").kill()
    assert seconds_until(page, lambda: words in alarms.inner_text(), within_s=10, what=words) <= 10
    band = page.get_by_test_id("band-words")
    wait_until(page, lambda: f"attempt {attempt + 1}" in band.inner_text(), within_s=20, what="that it starts again")
    again = client.wait(run, lambda found: found["attempt"] > attempt and found["status"] == "running", within_s=60)
    wait_until(page, lambda: step_of(page) > again["step"], within_s=20, what="it goes on")
    assert words in alarms.inner_text()
    page.reload()
    wait_until(page, lambda: words in alarms.inner_text(), within_s=20, what="the same after a reload")
