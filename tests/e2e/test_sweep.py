"""A sweep on the real stack and in a real browser: launched over REST, compared as a matrix, the rest stopped."""

import pytest

from tests.e2e.test_main_job import signed_in, wait_until

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

COLOURS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


def facts(cell):
    """Label → text, as the cell shows them."""
    rows = cell.locator(".cell-facts > div")
    return dict(rows.evaluate_all("rows => rows.map(row => [...row.children].map(part => part.textContent))"))


def test_a_sweep_is_watched_as_a_matrix_and_the_rest_of_it_is_stopped(page, server):
    client = server.client()
    axes = {"optimiser.d.lr": {"from": 1e-4, "to": 1e-2, "count": 2, "scale": "log"}, "steps": [150, 100_000]}
    answer = client.post("/sweeps", json={"recipe": "ring-collapse", "axes": axes, "name": "two by two"})
    assert answer.status_code == 201, answer.text
    sweep = answer.json()["id"]
    short, long, *waiting = [run["id"] for run in answer.json()["runs"]]

    signed_in(page, server)
    page.get_by_test_id("sweeps").click()
    page.get_by_test_id(f"sweep-row-{sweep}").get_by_role("link", name="two by two").click()
    page.wait_for_url(f"**/sweeps/{sweep}")
    table = page.get_by_test_id("sweep-table")
    table.wait_for()
    heads = [text.strip() for text in table.locator("th").all_inner_texts()]
    assert heads == ["optimiser.d.lr \\ steps", "150", "100000", "1e-4", "0.01"]
    in_order = table.locator(".sweep-cell").evaluate_all("cells => cells.map(cell => cell.dataset.testid)")
    assert in_order == [f"cell-{run}" for run in (short, long, *waiting)]

    def status(run):
        return page.get_by_test_id(f"cell-{run}").get_by_test_id("status").inner_text()

    wait_until(page, lambda: status(long) == "running", within_s=120, what="the second run")
    assert [status(run) for run in (short, *waiting)] == ["finished", "queued", "queued"]
    seen = client.get(f"/sweeps/{sweep}").json()["runs"][0]
    cell = page.get_by_test_id(f"cell-{short}")
    picture = cell.get_by_test_id("cell-points")
    picture.wait_for()
    assert int(picture.get_attribute("data-step")) == seen["picture"]["step"]
    assert picture.evaluate(COLOURS) > 20, "the points are drawn"
    assert facts(cell)["modes"] == str(int(seen["latest"]["modes.captured"]["value"]))
    step = page.get_by_test_id(f"cell-{long}").locator(".cell-steps")
    before = step.inner_text()
    wait_until(page, lambda: step.inner_text() != before, within_s=20, what="the matrix to move on by itself")

    page.get_by_test_id("stop-sweep").click()
    page.get_by_test_id("stop-sweep-confirm").click()
    said = page.get_by_test_id("sweep-progress")
    wait_until(
        page, lambda: said.inner_text() == "4 runs: 1 finished, 3 stopped", within_s=60, what="the end of the rest"
    )
    assert page.get_by_test_id("stop-sweep").is_disabled()
    for run in waiting:
        stopped = client.wait(run, lambda found: found["status"] == "stopped")
        assert (stopped["reason"], stopped["started_at"]) == ("stopped by page", None)
    assert client.wait(long, lambda run: run["status"] == "stopped")["step"] < 100_000
    page.get_by_test_id("sweep-rows").select_option("")
    wait_until(page, lambda: table.count() == 2, within_s=10, what="a table for each rate")
    assert page.url.endswith("?columns=steps")
    page.get_by_test_id(f"cell-{short}").locator(".cell-stage").click()
    page.wait_for_url(f"**/runs/{short}")
    page.get_by_test_id("sweep-of-run").click()
    page.wait_for_url(f"**/sweeps/{sweep}")


def test_a_sweep_is_launched_from_the_form_once_its_values_can_run(page, server):
    client = server.client()
    signed_in(page, server, "/launch?recipe=ring-collapse")
    button = page.get_by_test_id("launch-submit")
    button.wait_for()
    page.get_by_test_id("sweep-form").locator("summary").click()
    page.get_by_test_id("sweep-add-axis").click()
    page.get_by_test_id("sweep-axis").select_option("r1.weight")
    page.get_by_test_id("sweep-values").fill("0, -1")
    page.get_by_test_id("sweep-seeds").fill("1, 2, 3")
    assert button.inner_text() == "Launch 6 runs"
    before = len(client.get("/runs").json()["items"])
    button.click()
    errors = page.get_by_test_id("launch-errors")
    wait_until(page, lambda: "with r1.weight = -1" in errors.inner_text(), within_s=10, what="the refusal")
    assert len(client.get("/runs").json()["items"]) == before
    page.get_by_test_id("sweep-values").fill("log:0.1:1:2")
    page.get_by_test_id("launch-name").fill("from the form")
    button.click()
    page.wait_for_url("**/sweeps/*")
    page.get_by_test_id("sweep-table").wait_for()
    assert page.get_by_test_id("sweep-name").inner_text() == "from the form"
    sweep = client.get(f"/sweeps/{page.url.rsplit('/', 1)[1]}").json()
    assert {axis["name"]: axis["values"] for axis in sweep["axes"]} == {"r1.weight": [0.1, 1], "seed": [1, 2, 3]}
    client.post(f"/sweeps/{sweep['id']}/stop")
    said = page.get_by_test_id("sweep-progress")
    wait_until(page, lambda: said.inner_text() == "6 runs: 6 stopped", within_s=60, what="the end of all")
