"""The list of runs in a real browser: from a fresh installation to a moving chart, live rows, groups; and the docs."""

import re

import pytest

from tests.e2e.views import serious_faults, too_wide

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

CELLS = "[data-testid=runs-table] td, [data-testid=runs-table] th"
BOX = "(cell) => JSON.stringify(cell.getBoundingClientRect())"
STEP = "() => Number(document.querySelector('[data-testid=rail]').ariaValueNow)"
INK = """canvas => {
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(Array.from({length: data.length / 4}, (_, at) => data.slice(4 * at, 4 * at + 3).join())).size;
}"""


@pytest.fixture
def signed_in(page, server):
    page.goto(server.link)
    page.get_by_role("button", name="Sign out").wait_for()
    return page


@pytest.fixture(scope="module")
def training(server):
    """A run that trains for long."""
    client = server.client()
    run = client.launch("ring-collapse", steps=1_000_000, seed=1)
    client.wait(run, lambda found: found["step"] > 300)
    return run


@pytest.fixture(scope="module")
def sweep(server, training):
    """A sweep that waits behind it."""
    body = {"recipe": "xy-game", "name": "two seeds", "axes": {"seed": [1, 2]}, "overrides": {"steps": 50}}
    answer = server.client().post("/sweeps", json=body)
    assert answer.status_code == 201, answer.text
    return answer.json()


def test_a_fresh_installation_is_one_click_from_a_moving_chart(signed_in, server):
    page = signed_in
    first = page.get_by_test_id("first-run")
    first.wait_for()
    page.wait_for_function("() => document.querySelector('[data-testid=no-worker]').textContent === ''")
    assert serious_faults(page) == {}
    first.click()
    page.wait_for_url("**/runs/*")
    page.locator(".scatterlayer path.js-line").first.wait_for()
    step = page.evaluate(STEP)
    page.wait_for_function(f"() => ({STEP})() > {step}")
    run = page.url.rsplit("/", 1)[1]
    client = server.client()
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda found: found["status"] == "stopped")


def test_a_row_shows_samples_a_line_modes_and_time_left_and_they_move(signed_in, training):
    page = signed_in
    row = page.get_by_test_id(f"run-row-{training}")
    row.wait_for()
    cloud = page.get_by_test_id(f"cloud-{training}")
    cloud.wait_for()
    assert cloud.evaluate(INK) > 3
    assert re.fullmatch(r"\d of 8", page.get_by_test_id(f"modes-{training}").inner_text().strip())
    row.get_by_text(re.compile("about .* left")).wait_for()
    line = page.get_by_test_id(f"spark-{training}")
    assert line.get_attribute("aria-label").startswith("modes.captured ")
    before = line.locator(".spark-line").get_attribute("d")
    drawn = f"document.querySelector('[data-testid=\"spark-{training}\"] .spark-line').getAttribute('d')"
    page.wait_for_function(f"() => {drawn} !== {before!r}")


def test_rows_stay_where_they_are_and_twelve_are_above_the_fold(signed_in, training, sweep):
    page = signed_in
    row = page.get_by_test_id(f"run-row-{training}")
    row.wait_for()
    page.wait_for_timeout(500)
    places = f"() => [...document.querySelectorAll({CELLS!r})].map({BOX}).join()"
    before = page.evaluate(places)
    page.wait_for_timeout(1500)
    assert page.evaluate(places) == before
    first = page.locator(".run-row").first.bounding_box()
    assert first["height"] == pytest.approx(56, abs=1)
    assert first["y"] + 12 * 57 <= 900


def test_the_list_is_one_request(signed_in, server, training, sweep):
    page, asked = signed_in, []
    page.on("request", lambda request: asked.append(request.url.removeprefix(server.url)))
    page.goto(f"{server.url}/")
    page.get_by_test_id(f"cloud-{training}").wait_for()
    lists = [url for url in asked if re.match(r"/api/v1/runs\?", url) and "limit=1&" not in f"{url}&"]
    lines = [
        url for url in asked if "/series/" in url and "/series/points/" not in url and "/series/samples/" not in url
    ]
    assert (len(lists), lines) == (1, [])


def test_a_turned_knob_is_counted_at_once_and_named_with_its_step(signed_in, server, training):
    page = signed_in
    turned = page.get_by_test_id(f"turned-{training}")
    turned.get_by_text("–").wait_for()
    answer = server.client().patch(f"/runs/{training}/knobs", json={"r1.weight": 0.5})
    assert answer.status_code == 202, answer.text
    turned.get_by_text("1", exact=True).wait_for()
    (item,) = server.client().ledger(training)
    live = turned.get_attribute("title")
    assert re.sub(r"\D", "", live.split("@")[1]) == str(item["step"])
    assert live.startswith("r1.weight 0 → 0.5 @")
    page.reload()
    turned.get_by_text("1", exact=True).wait_for()
    assert turned.get_attribute("title") == live


def test_groups_and_chips_are_in_the_address_and_fold(signed_in, server, training, sweep):
    page, first = signed_in, sweep["runs"][0]["id"]
    page.get_by_test_id(f"run-row-{first}").wait_for()
    page.get_by_test_id("group-runs").select_option("sweep")
    group = page.get_by_test_id(f"group-{sweep['id']}")
    group.get_by_text("two seeds").wait_for()
    assert "2 runs: 2 queued" in group.inner_text()
    assert page.url.endswith("/?group=sweep")
    assert page.get_by_test_id(f"together-{sweep['id']}").get_attribute("href") == f"/sweeps/{sweep['id']}"
    page.get_by_test_id(f"fold-{sweep['id']}").click()
    page.get_by_test_id(f"run-row-{first}").wait_for(state="detached")
    assert page.get_by_test_id(f"fold-{sweep['id']}").get_attribute("aria-expanded") == "false"
    page.get_by_test_id("some-training").click()
    group.wait_for(state="detached")
    page.goto(page.url)
    page.get_by_test_id(f"run-row-{training}").wait_for()
    assert page.url.endswith("/?state=training&group=sweep")
    assert page.get_by_test_id("some-training").get_attribute("aria-pressed") == "true"
    assert page.locator(".run-row").count() == 1


def test_the_docs_open_beside_a_chart_while_the_run_goes_on(signed_in, server, training):
    page = signed_in
    page.goto(f"{server.url}/runs/{training}")
    page.locator(".scatterlayer path.js-line").first.wait_for()
    button = page.get_by_role("button", name="What is this: Losses")
    button.focus()
    page.keyboard.press("Enter")
    title = page.get_by_test_id("drawer-title")
    page.get_by_test_id("drawer").get_by_role("heading", name="When it misleads").wait_for()
    assert title.inner_text() == "Losses"
    assert page.evaluate("document.activeElement.dataset.testid") == "drawer-title"
    step = page.evaluate(STEP)
    page.wait_for_function(f"() => ({STEP})() > {step}")
    page.get_by_test_id("drawer").get_by_role("link", name="gradient norms").first.click()
    page.get_by_test_id("drawer-title").get_by_text("Gradient norms").wait_for()
    assert page.url == f"{server.url}/runs/{training}", "the run's page stays"
    assert page.get_by_test_id("drawer-address").get_attribute("href") == "/docs/gradient_norms"
    page.keyboard.press("Escape")
    page.get_by_test_id("drawer").wait_for(state="hidden")
    assert page.evaluate("document.activeElement.ariaLabel") == "What is this: Losses"


def test_every_panel_of_a_run_leads_to_a_text(signed_in, server, training):
    page = signed_in
    page.goto(f"{server.url}/runs/{training}")
    page.locator(".scatterlayer path.js-line").first.wait_for()
    asks = page.locator("button.what:visible")
    assert asks.count() >= 11, "six charts, vitals, knobs, ledger, samples, alarms, rail"
    for place in range(asks.count()):
        asks.nth(place).evaluate("button => button.click()")
        page.get_by_test_id("drawer").get_by_text(re.compile("mislead")).first.wait_for()
        page.keyboard.press("Escape")


def test_a_concept_has_an_address_and_leads_to_others(signed_in, server):
    page = signed_in
    page.goto(f"{server.url}/docs/modes")
    page.get_by_test_id("concept-title").get_by_text("Modes", exact=True).wait_for()
    page.get_by_role("article").get_by_role("link", name="grid").first.click()
    page.wait_for_url("**/docs/samples")
    page.get_by_test_id("filter-concepts").fill("hess")
    page.get_by_test_id("concept-modes").wait_for(state="hidden")
    page.get_by_test_id("concept-hessian").click()
    page.wait_for_url("**/docs/hessian")
    page.goto(f"{server.url}/docs/nosuch")
    page.get_by_text("There is no concept “nosuch”").wait_for()


VIEWS = ["/?group=sweep", "/?group=lineage", "/docs", "/docs/hessian", "drawer"]


def opened(page, server, training, view):
    page.goto(server.url + (f"/runs/{training}" if view == "drawer" else view))
    page.locator("h1, h2").first.wait_for(state="attached")
    if view == "drawer":
        page.get_by_role("button", name="What is this: Alarms").click()
        page.get_by_test_id("drawer").locator("table").first.wait_for()
    page.wait_for_timeout(500)


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(signed_in, server, training, sweep, view):
    opened(signed_in, server, training, view)
    assert serious_faults(signed_in) == {}


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_scrolls_sideways(signed_in, server, training, sweep, view):
    opened(signed_in, server, training, view)
    assert too_wide(signed_in) == {}
