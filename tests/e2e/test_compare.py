"""Runs compared, a family as a tree, and a sweep across parallel axes and as rows, in a real browser."""

import pytest

from tests.e2e.test_main_job import signed_in, wait_until
from tests.e2e.views import serious_faults, too_wide

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

STEPS = 200
QUICK = {"monitors": [{"name": "modes", "every": 20}, {"name": "points", "every": 50}], "guards": []}


@pytest.fixture(scope="module")
def family(server):
    """A run that has ended, and a fork of it with another weight: their ids, and the step at which they part."""
    client = server.client()
    run = client.launch("ring-collapse", steps=STEPS, **QUICK)
    client.wait(run, lambda r: r["step"] > 20, within_s=120)
    client.post(f"/runs/{run}/commands", json={"command": "checkpoint"})
    client.wait(run, lambda r: r["status"] == "finished", within_s=120)
    step = min(item["step"] for item in client.get(f"/runs/{run}/checkpoints").json()["items"])
    assert 0 < step < STEPS
    wanted = {"checkpoint_step": step, "knobs": {"r1.weight": 1.0}, "name": "with R1"}
    child = client.post(f"/runs/{run}/forks", json=wanted).json()["id"]
    client.wait(child, lambda r: r["status"] == "finished", within_s=120)
    return run, child, step


@pytest.fixture(scope="module")
def sweep(server, family):
    """Four runs that have ended, over a weight and two seeds."""
    client = server.client()
    asked = {"recipe": "ring-collapse", "overrides": {"steps": 60, **QUICK}, "axes": {"r1.weight": [0, 1]}}
    made = client.post("/sweeps", json=asked | {"seeds": [1, 2]}).json()
    for run in made["runs"]:
        client.wait(run["id"], lambda r: r["status"] == "finished", within_s=120)
    return client.get(f"/sweeps/{made['id']}").json()


def at_step(client, run, name, step):
    found = client.get(f"/runs/{run}/series/{name}", params={"buckets": 10_000}).json()
    return dict(zip(found["steps"], found["last"], strict=True))[step]


def test_two_runs_are_picked_in_the_list_and_compared_at_one_cursor(page, server, family):
    run, child, step = family
    signed_in(page, server)
    for each in (run, child):
        page.get_by_test_id(f"pick-{each}").check()
    page.get_by_test_id("compare-link").get_by_text("Compare 2").click()
    page.wait_for_url(f"**/compare?runs={run},{child}")
    table = page.get_by_test_id("compare-differences")
    table.get_by_text("r1.weight, turned").wait_for()
    row = table.get_by_role("row", name="r1.weight, turned")
    assert row.get_by_role("cell").all_inner_texts() == ["–", f"0 → 1 @{step + 1}"]
    assert "same: " in page.locator(".compare-same summary").inner_text()

    page.get_by_test_id("compare-align").select_option("fork")
    page.goto(f"{page.url}&t=150&zoom=10-190")
    measured = page.get_by_test_id("compare-measured")
    losses = measured.get_by_role("row", name="loss.d").get_by_role("cell")
    client = server.client()
    wanted = [at_step(client, each, "loss.d", 150) for each in (run, child)]
    assert wanted[0] != wanted[1]

    def shown():
        texts = losses.all_inner_texts()
        return all(texts) and "–" not in texts and [float(text.replace("−", "-")) for text in texts]

    seen = wait_until(page, shown, within_s=20, what="both losses at the cursor") or shown()
    assert seen == pytest.approx(wanted, rel=5e-3)
    marks = page.get_by_test_id("chart-loss.d").locator(f'[data-testid="mark"][data-step="{step}"]')
    wait_until(page, lambda: marks.count() == 1, within_s=10, what="the mark where they part")
    for each in (run, child):
        words = page.get_by_test_id(f"compare-samples-{each}").locator("figcaption")
        wait_until(page, lambda words=words: words.inner_text() == "points of step 150", within_s=10, what="samples")
    assert len(page.url) <= 200
    page.keyboard.press("Escape")
    page.wait_for_url(f"**/compare?runs={run},{child}&align=fork")


def test_a_run_that_is_not_there_is_named_and_the_others_are_shown(page, server, family):
    signed_in(page, server, f"/compare?runs={family[0]},nosuch,3,4,5,6,7")
    problems = page.get_by_test_id("compare-problems")
    problems.wait_for()
    assert 'there is no run "nosuch"' in problems.inner_text()
    assert "room for 6 runs; left out: 7" in problems.inner_text()
    page.locator(".scatterlayer path.js-line").first.wait_for(state="attached")
    assert page.locator(".compare-run").count() == 1


def test_runs_that_train_are_compared_live(page, server, family):
    client = server.client()
    run = client.launch("ring-collapse", steps=1_000_000, **QUICK)
    client.wait(run, lambda r: r["step"] > 20, within_s=120)
    signed_in(page, server, f"/compare?runs={family[0]},{run}&series=loss.d")
    chip = page.get_by_test_id(f"compare-run-{run}")
    chip.get_by_text("running").wait_for()
    last = "() => Math.max(...document.querySelector('.js-plotly-plot').data.map((trace) => trace.x.at(-1)))"
    page.locator(".scatterlayer path.js-line").first.wait_for(state="attached")
    before = max(page.evaluate(last), STEPS)
    page.wait_for_function(f"() => ({last})() > {before}", timeout=30_000)
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    chip.get_by_text("stopped").wait_for()


def test_a_family_is_a_tree_that_the_keyboard_walks(page, server, family):
    run, child, step = family
    signed_in(page, server, f"/runs/{child}")
    page.get_by_test_id("lineage-of-run").click()
    page.wait_for_url(f"**/runs/{child}/lineage")
    tree = page.get_by_test_id("lineage")
    tree.wait_for()
    in_order = tree.locator("tbody tr").evaluate_all("rows => rows.map(row => row.dataset.run)")
    assert in_order == [run, child]
    said = f"fork of ring-collapse at step {step}; r1.weight 0 → 1; at step {STEPS} of {STEPS}"
    assert said in page.get_by_test_id(f"lineage-row-{child}").text_content()
    assert "r1.weight 0 → 1" in page.locator(".lineage-drawing text").all_text_contents()
    page.get_by_test_id(f"lineage-run-{run}").focus()
    page.keyboard.press("Space")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Space")
    picked = page.get_by_test_id("compare-picked")
    wait_until(page, lambda: picked.inner_text() == "Compare 2", within_s=5, what="both picked")
    assert picked.get_attribute("href") == f"/compare?runs={run},{child}&align=fork"
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{child}?t={step}")


def test_a_sweep_across_parallel_axes_is_narrowed_by_key_and_its_lines_open_their_runs(page, server, sweep):
    address = f"{server.url}/sweeps/{sweep['id']}"
    signed_in(page, server, f"/sweeps/{sweep['id']}")
    page.get_by_test_id("view-parallel").click()
    lines = page.get_by_test_id("parallel").locator(".strand")
    wait_until(page, lambda: lines.count() == 4, within_s=10, what="a line for each run")
    assert page.url == f"{address}?view=parallel"
    page.get_by_role("slider", name="r1.weight: from").focus()
    page.keyboard.press("ArrowUp")
    count = page.get_by_test_id("parallel-count")
    wait_until(page, lambda: count.inner_text() == "2 of 4 runs", within_s=5, what="the range")
    page.goto(f"{address}?view=parallel&keep=r1.weight:100-100")
    wait_until(page, lambda: count.inner_text() == "2 of 4 runs", within_s=10, what="the range of the address")
    kept = [run for run in sweep["runs"] if run["values"]["r1.weight"] == 1]
    page.get_by_test_id(f"strand-{kept[0]['id']}").focus()
    page.keyboard.press("ArrowDown")
    words = page.get_by_test_id("parallel-words")
    wait_until(page, lambda: "seed = 2" in words.inner_text(), within_s=5, what="the next line that is kept")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/runs/{kept[1]['id']}")


def test_rows_of_samples_stand_by_value_and_one_seed_can_be_picked(page, server, sweep):
    signed_in(page, server, f"/sweeps/{sweep['id']}?view=pictures")
    table = page.get_by_test_id("strips")
    table.wait_for()
    assert table.locator("tbody th").all_inner_texts() == ["0", "1"]
    clouds = table.get_by_test_id("cell-points")
    wait_until(page, lambda: clouds.count() == 4, within_s=10, what="a cloud for each run")
    clouds.nth(3).wait_for()
    assert {int(cloud.get_attribute("data-step")) for cloud in clouds.all()} == {
        run["picture"]["step"] for run in sweep["runs"]
    }
    page.get_by_test_id("strips-rest").select_option("seed = 2")
    wait_until(page, lambda: clouds.count() == 2, within_s=5, what="one seed")
    shown = table.locator(".strip-cloud").evaluate_all("clouds => clouds.map(cloud => cloud.dataset.testid)")
    assert shown == [f"strip-{run['id']}" for run in sweep["runs"] if run["values"]["seed"] == 2]


VIEWS = ["compare", "compare&align=time", "lineage", "parallel", "pictures"]


def address(view, family, sweep):
    run, child, _ = family
    if view.startswith("compare"):
        return f"/compare?runs={run},{child}{view.removeprefix('compare')}"
    return f"/runs/{child}/lineage" if view == "lineage" else f"/sweeps/{sweep['id']}?view={view}"


def opened(page, server, family, sweep, view):
    signed_in(page, server, address(view, family, sweep))
    drawn = page.locator(".scatterlayer path.js-line, circle.lineage-branch, .strand-line, .strip-cloud").first
    drawn.wait_for(state="attached")  # a line that is level has no height to be seen by


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(page, server, family, sweep, view):
    opened(page, server, family, sweep, view)
    assert serious_faults(page) == {}


@pytest.mark.parametrize("view", VIEWS)
def test_no_page_scrolls_sideways(page, server, family, sweep, view):
    opened(page, server, family, sweep, view)
    assert too_wide(page) == {}
