"""Spectra, eigenvalues and densities of a user's own monitor, in a real browser: live, and at the cursor."""

import os
from pathlib import Path

import pytest

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

SPEC = {
    "dataset": {"name": "ring"},
    "network": {"name": "mlp", "z_dim": 4, "generator_width": 8, "discriminator_width": 8},
    "loss": {"name": "nonsaturating"},
    "monitors": [{"name": "played_instruments"}, {"name": "points"}],
    "batch": 16,
}
SHADES = """canvas => {
  const {data, width, height} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const shades = new Set();
  for (let place = 0; place < data.length; place += 4) shades.add(data.slice(place, place + 4).join());
  return {width, height, shades: shades.size};
}"""


@pytest.fixture(scope="module")
def server(new_server, tmp_path_factory, cache):
    server = new_server(tmp_path_factory.mktemp("data"), cache)
    here = str(Path(__file__).parent)
    server.env |= {
        "MODESCOPE_PLUGINS": "played_instruments",
        "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH")))),
    }
    yield server.start()
    server.end()


def points(page, plot):
    """How many markers a plot has."""
    return page.get_by_test_id(plot).locator(".scatterlayer .points path").count()


def bars(page, plot):
    return page.get_by_test_id(plot).locator(".scatterlayer .errorbar path").count()


def eventually(page, condition, what):
    for _ in range(300):
        if condition():
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"not within 30 s: {what}")


def launched(client, page, server, steps):
    answer = client.post("/runs", json={"spec": {**SPEC, "steps": steps}})
    assert answer.status_code == 201, answer.text
    run = answer.json()["id"]
    client.wait(run, lambda r: r["step"] > 0)
    page.goto(server.link)
    page.get_by_test_id("recipes").wait_for()
    page.goto(f"{server.url}/runs/{run}")
    return run


def test_instruments_are_drawn_live_and_at_the_cursor(page, server):
    client = server.client()
    run = launched(client, page, server, 1_000_000)
    page.get_by_test_id("tab-spectrum").click()
    cells = page.get_by_test_id("spectrum-over-steps-cells")
    eventually(page, lambda: cells.is_visible() and cells.evaluate(SHADES)["shades"] > 8, "the collapse picture")
    assert "not finite: 1 (last ~20)" in page.get_by_test_id("spectrum-over-steps-notes").inner_text()
    slider = page.get_by_test_id("samples-step")
    before = int(slider.get_attribute("max"))
    eventually(page, lambda: int(slider.get_attribute("max")) > before + 3, "more looks")
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    client.wait(run, lambda r: r["status"] == "stopped")


def test_the_cursor_chooses_what_is_shown_and_a_reload_shows_the_same(page, server):
    client = server.client()
    run = launched(client, page, server, 60)
    client.wait(run, lambda r: r["status"] == "finished")
    page.goto(f"{server.url}/runs/{run}?t=35")
    pictures = page.get_by_test_id("pictures")
    page.get_by_test_id("tab-eigenvalues").click()
    eventually(page, lambda: points(page, "eigenvalues-at-step") == 2, "two eigenvalues of one look")
    assert bars(page, "eigenvalues-at-step") == 2, "a residual each"
    eventually(page, lambda: points(page, "eigenvalues-over-steps") == 2 * 7, "two of each of seven looks")
    assert bars(page, "eigenvalues-over-steps") == 2 * 7
    said = page.get_by_test_id("eigenvalues-at-step").get_attribute("aria-label")
    assert said == "Eigenvalues G hessian.played at step 30: λ −1 … 3 · residual ≤ 0.500, 25 % of its |λ| · 12 products"
    page.get_by_test_id("pick-eigenvalues").select_option("game_jacobian.played")
    plane = page.get_by_test_id("eigenvalues-at-step")
    eventually(page, lambda: "Re λ" in (plane.get_attribute("aria-label") or ""), "the game's")
    eventually(page, lambda: bars(page, "eigenvalues-at-step") == 4, "a bar each way")

    page.get_by_test_id("tab-density").click()
    lines = page.get_by_test_id("density-at-step").locator(".scatterlayer path.js-line")
    eventually(page, lambda: lines.count() == 2, "both histograms")
    assert bars(page, "density-at-step") == 2 * 25
    eventually(page, lambda: "step 30" in pictures.inner_text(), "the step in the header")

    page.reload()
    page.get_by_test_id("tab-spectrum").click()
    spectrum = page.get_by_test_id("spectrum-at-step")
    eventually(page, lambda: points(page, "spectrum-at-step") == 8, "one spectrum")
    assert spectrum.get_attribute("aria-label") == "Spectra D played at step 30: σ₁ 1 · 1 of 8 above σ₁/2"
    page.keyboard.press("l")
    eventually(page, lambda: "at step 60" in spectrum.get_attribute("aria-label"), "the newest")


def test_a_run_without_instruments_shows_none(page, server):
    client = server.client()
    answer = client.post("/runs", json={"spec": {**SPEC, "monitors": [{"name": "points"}], "steps": 20}})
    run = answer.json()["id"]
    client.wait(run, lambda r: r["status"] == "finished")
    page.goto(server.link)
    page.get_by_test_id("recipes").wait_for()
    page.goto(f"{server.url}/runs/{run}")
    page.get_by_test_id("points-view").wait_for()
    assert page.get_by_test_id("pictures").get_by_role("heading").inner_text() == "2-D view"
    assert page.get_by_test_id("tab-spectrum").count() == 0
