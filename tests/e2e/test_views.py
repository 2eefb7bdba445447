"""Views beside a run's: filtering the list, workers and the queue, an address that opens to the same state; and axe."""

import re

import pytest

from tests.e2e.views import serious_faults, too_wide

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]


@pytest.fixture(scope="module")
def runs(server):
    """One that trains for long, one that waits behind it."""
    client = server.client()
    first = client.launch("ring-collapse", steps=1_000_000, seed=1)
    second = client.launch("grid-collapse", steps=500)
    client.wait(first, lambda run: run["step"] > 300)
    return first, second


@pytest.fixture
def signed_in(page, server):
    page.goto(server.link)
    page.get_by_test_id("runs-table").wait_for()
    return page


def test_the_list_is_filtered_from_the_keyboard_and_the_address_keeps_it(signed_in, server, runs):
    page, (first, second) = signed_in, runs
    page.get_by_test_id(f"run-row-{second}").wait_for()
    page.keyboard.press("/")
    page.keyboard.type("queued GRID")
    page.get_by_test_id(f"run-row-{first}").wait_for(state="detached")
    assert page.get_by_test_id(f"run-row-{second}").is_visible()
    assert page.url.endswith("?q=queued%20GRID")
    page.goto(page.url)
    page.get_by_test_id(f"run-row-{second}").wait_for()
    assert page.get_by_test_id(f"run-row-{first}").count() == 0
    page.get_by_test_id("filter-runs").fill("no such thing")
    page.get_by_text("has “no such thing” in its name").wait_for()


def test_workers_show_who_trains_where_and_the_queue_what_waits_for_what(signed_in, runs):
    page, (first, second) = signed_in, runs
    page.get_by_test_id("workers").click()
    page.wait_for_url("**/workers")
    slots = page.get_by_test_id("workers-table")
    slots.get_by_role("link", name=first).wait_for()
    assert page.get_by_test_id("slots-count").inner_text() == "1 of 1 slots in use"
    waits = page.get_by_test_id(f"queued-{second}")
    assert "every slot is busy; it is the next in the queue" in waits.inner_text()
    slots.get_by_role("link", name=first).click()
    page.wait_for_url(f"**/runs/{first}")


def test_every_chart_of_a_run_that_is_opened_late_begins_with_the_run(signed_in, server, runs):
    page, (first, _) = signed_in, runs
    page.goto(f"{server.url}/runs/{first}")
    begins = """() => [...document.querySelectorAll('.chart .js-plotly-plot')].filter((plot) => plot.data?.length)
      .map((plot) => Math.min(...plot.data.flatMap((trace) => trace.x.length ? [trace.x[0]] : [])))"""
    page.wait_for_function(f"() => ({begins})().length >= 5")
    page.wait_for_timeout(1500)
    firsts = page.evaluate(begins)
    assert len(firsts) >= 5
    assert max(firsts) <= 200, "a look at every hundredth step, or each step from the first"


def test_an_address_opens_to_the_same_step_zoom_and_charts(signed_in, server, runs):
    page, (first, _) = signed_in, runs
    address = f"{server.url}/runs/{first}?t=200&zoom=100-250&log=losses"
    page.goto(address)
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    assert page.get_by_test_id("log-losses").get_attribute("aria-pressed") == "true"
    assert page.get_by_test_id("rail").get_attribute("aria-valuenow") == "200"
    low, high = page.evaluate(
        "document.querySelector('[data-testid=\"chart-losses\"] .js-plotly-plot').layout.xaxis.range"
    )
    assert (round(low), round(high)) == (100, 250)
    assert page.url == address
    page.get_by_test_id("all-steps").click()
    page.wait_for_url(f"**/runs/{first}?t=200&log=losses")


def opened(page, server, runs, view):
    page.goto(server.url + (f"/runs/{runs[0]}" if view == "run" else view))
    page.locator("h1, h2").first.wait_for(state="attached")
    if view == "run":
        page.locator(".scatterlayer path.js-line").first.wait_for()


@pytest.mark.parametrize(
    "view", ["/", "/launch", "/launch?recipe=ring-collapse", "/sweeps", "/workers", "run", "/nosuch"]
)
def test_axe_finds_nothing_serious(signed_in, server, runs, view):
    opened(signed_in, server, runs, view)
    assert serious_faults(signed_in) == {}


@pytest.mark.parametrize("view", ["/", "/workers", "run"])
def test_no_page_scrolls_sideways(signed_in, server, runs, view):
    opened(signed_in, server, runs, view)
    assert too_wide(signed_in) == {}


def test_nobody_else_is_asked(signed_in, server, runs):
    page, asked = signed_in, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{server.url}/runs/{runs[0]}")
    page.locator(".scatterlayer path.js-line").first.wait_for()
    outside = [url for url in asked if not re.match(rf"{re.escape(server.url)}/|blob:|data:", url)]
    assert len(asked) > 20
    assert outside == []


def test_the_keyboard_moves_the_cursor_plays_the_film_and_explains_itself(signed_in, server, runs):
    page, (first, _) = signed_in, runs
    page.goto(f"{server.url}/runs/{first}")
    page.locator(".scatterlayer path.js-line").first.wait_for()
    page.keyboard.press("Space")
    words = page.locator(".rail-words")
    words.get_by_text("Cursor").wait_for()
    assert page.get_by_test_id("status").first.inner_text() == "running", "the view is held, not the training"
    held = int(page.get_by_test_id("rail").get_attribute("aria-valuenow"))
    page.keyboard.press("Shift+ArrowLeft")
    page.wait_for_function(f"() => Number(document.querySelector('[data-testid=rail]').ariaValueNow) < {held}")
    page.keyboard.press("l")
    words.get_by_text("Following live").wait_for()
    page.keyboard.press("f")
    page.get_by_test_id("play").get_by_text("Hold").wait_for()
    page.wait_for_function("() => Number(document.querySelector('[data-testid=rail]').ariaValueNow) > 0")
    page.keyboard.press("f")
    page.get_by_test_id("play").get_by_text("Play").wait_for()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keyboard").get_by_text("the training goes on").wait_for()
    page.keyboard.press("Escape")
    page.get_by_test_id("help").wait_for(state="hidden")


def test_several_runs_are_stopped_and_deleted_at_once_and_what_is_refused_is_said(signed_in, server, runs):
    page, client = signed_in, server.client()
    waiting = [client.launch("xy-game", steps=200, seed=seed) for seed in (11, 12)]
    for run in waiting:
        page.get_by_test_id(f"pick-{run}").check()
    assert page.get_by_test_id("picked-count").inner_text() == "2 picked"
    page.get_by_test_id("stop-picked").click()
    page.get_by_role("dialog", name="Stop runs?").get_by_text("Stop these 2 runs?").wait_for()
    page.get_by_test_id("stop-confirm").click()
    page.get_by_test_id("bulk").wait_for(state="hidden")
    for run in waiting:
        client.wait(run, lambda run: run["status"] == "stopped", within_s=30)
        page.get_by_test_id(f"pick-{run}").check()
    page.get_by_test_id("delete-picked").get_by_text("Delete 2…").wait_for()
    page.get_by_test_id("delete-picked").click()
    page.get_by_role("dialog", name="Delete runs?").get_by_text("Delete these 2 runs?").wait_for()
    page.get_by_test_id("delete-confirm").click()
    for run in waiting:
        page.get_by_test_id(f"run-row-{run}").wait_for(state="detached")
        assert client.get(f"/runs/{run}").status_code == 404
    assert client.run(runs[0])["status"] == "running"
