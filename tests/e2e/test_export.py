"""Charts as files and a run as one: downloaded in a real browser and read again; the run's file opens offline."""

import csv
import io
import os
import struct
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.e2e.test_instruments import SPEC, points
from tests.e2e.test_main_job import signed_in, wait_until
from tests.e2e.views import serious_faults

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

NAME = "<img src=x onerror=alert(1)> & <b>bold</b></script><script>alert(2)</script>"
REASON = "<b>why</b>"
STEPS = 1500
SVG = "{http://www.w3.org/2000/svg}"


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


@pytest.fixture(scope="module")
def run(server):
    """One that has finished, with a knob that was turned, points, and instruments of which one was not finite."""
    client = server.client()
    answer = client.post("/runs", json={"spec": {**SPEC, "steps": STEPS}, "name": NAME})
    assert answer.status_code == 201, answer.text
    run = answer.json()["id"]
    client.wait(run, lambda r: r["step"] > 300)
    client.patch(f"/runs/{run}/knobs", json={"optimiser.d.lr": 2e-3}, headers={"X-Modescope-Reason": REASON})
    client.wait(run, lambda r: r["status"] == "finished", within_s=120)
    client.ledger(run)
    return run


@pytest.fixture
def opened(page, server, run):
    page.on("dialog", lambda dialog: pytest.fail("a script in a run's name ran"))
    signed_in(page, server, f"/runs/{run}?t=20")
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    return page


def saved(page, chart, ending, nth=0):
    """The name and the bytes of what a chart's menu saves."""
    menu = page.get_by_test_id(f"save-{chart}")
    if not menu.evaluate("menu => menu.open"):
        menu.locator("summary").click()
    with page.expect_download() as download:
        menu.get_by_test_id(f"save-{ending}").nth(nth).click()
    wait_until(page, lambda: not menu.evaluate("menu => menu.open"), within_s=5, what="the menu to close")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def table(content):
    return list(csv.DictReader(io.StringIO(content.decode())))


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    return struct.unpack(">II", png[16:24])


def number_of(wire):
    return float(str(wire).replace("Infinity", "inf"))


def same(one, other):
    return one == other or (one != one and other != other)  # NaN is NaN here


def test_a_chart_is_saved_as_a_picture_twice_as_large_as_it_says(opened, run):
    name, png = saved(opened, "losses", "png")
    assert name == f"{run}-losses_total-0-{STEPS}.png"
    width, height = size_of(png)
    assert width == 2 * 960
    assert 1000 < height < 1400


def test_a_chart_is_saved_as_a_drawing_that_says_whose_it_is_and_what_was_changed(opened, server, run):
    name, content = saved(opened, "losses", "svg")
    assert name == f"{run}-losses_total-0-{STEPS}.svg"
    drawing = ElementTree.fromstring(content)
    assert drawing.tag == f"{SVG}svg"
    texts = ["".join(text.itertext()) for text in drawing.iter(f"{SVG}text")]
    [change] = server.client().ledger(run)
    for said in (
        f"{NAME} · {run}"[:100],
        f"1 optimiser.d.lr 2e-4 → 0.002 at step {change['step']}",
        "D: loss.d",
        "G: loss.g",
    ):
        assert any(said in " ".join(text.split()) for text in texts), (said, texts)
    assert any(f"steps 0 to {STEPS}" in text for text in texts)
    assert "step" in texts
    assert {part.tag for part in drawing.iter()} & {f"{SVG}script", f"{SVG}foreignObject"} == set()


def test_the_table_of_a_chart_has_the_apis_numbers_also_of_a_zoom(opened, server, run):
    client = server.client()
    for zoom in (None, (100, 180)):
        if zoom is not None:
            opened.goto(f"{server.url}/runs/{run}?zoom={zoom[0]}-{zoom[1]}")
            opened.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
            opened.wait_for_load_state("networkidle")
            opened.wait_for_timeout(800)
        asked = {} if zoom is None else {"from": zoom[0], "to": zoom[1]}
        wanted = client.get(f"/runs/{run}/series/loss.d", params={"buckets": 600, **asked}).json()
        name, content = saved(opened, "losses", "csv")
        rows = table(content)
        span = zoom or (0, STEPS)
        assert name == f"{run}-losses_total-{span[0]}-{span[1]}.csv"
        width = wanted["bucket_steps"]
        unit = f" (bucket of {width} steps)" if width > 1 else ""
        assert width == (4 if zoom is None else 1), "600 buckets for 1500 steps; each point where there are 81"
        assert [int(row["step"]) for row in rows] == wanted["steps"]
        for what in ("min", "max", "last"):
            assert [float(row[f"loss.d {what}{unit}"]) for row in rows] == wanted[what]
        assert [int(row["loss.d not finite (points)"]) for row in rows] == wanted["nonfinite"]


def test_spectra_are_saved_in_long_form_with_nan_in_words(opened, server, run):
    opened.get_by_test_id("tab-spectrum").click()
    wait_until(opened, lambda: points(opened, "spectrum-at-step") == 7, within_s=20, what="eight values but one")
    looks = server.client().get(f"/runs/{run}/series/spectrum.d.played", params={"looks": 150}).json()["looks"]
    name, content = saved(opened, "pictures", "csv")
    assert name == f"{run}-spectrum.d.played-0-{STEPS}.csv"
    rows = table(content)
    wanted = {look["step"]: look["body"]["values"] for look in looks}
    found = {}
    for row in rows:
        found.setdefault(int(row["step"]), []).append(number_of(row["spectrum.d.played"]))
    assert set(wanted) <= set(found), "every look that the page asks for"
    for step, values in wanted.items():
        assert all(map(same, found[step], map(number_of, values))), step
    assert [row["spectrum.d.played"] for row in rows if row["step"] == "20"][5] == "NaN"
    _, at_step = saved(opened, "pictures", "csv", nth=1)
    assert {row["step"] for row in table(at_step)} == {"20"}
    assert size_of(saved(opened, "pictures", "png")[1])[0] == 2 * 960
    drawing = ElementTree.fromstring(saved(opened, "pictures", "svg")[1])
    [cells] = drawing.iter(f"{SVG}image")
    assert any(value.startswith("data:image/png;base64,") for value in cells.attrib.values())


@pytest.mark.parametrize(
    ("tab", "series"), [("eigenvalues", "hessian.g.played"), ("density", "scores"), ("points", "points")]
)
def test_the_other_instruments_are_saved_too(opened, server, run, tab, series):
    opened.get_by_test_id(f"tab-{tab}").click()
    ready = (
        '[data-testid="points-view"][data-step]'
        if tab == "points"
        else f'[data-testid="{tab}-at-step"] .scatterlayer path'
    )
    opened.locator(ready).first.wait_for()
    name, png = saved(opened, "pictures", "png", nth=-1)
    assert name == f"{run}-{series}-{0 if tab == 'points' else 20}.png"
    assert size_of(png)[0] == 2 * 960
    rows = table(saved(opened, "pictures", "csv", nth=-1)[1])
    client = server.client()
    if tab == "eigenvalues":
        body = client.get(f"/runs/{run}/series/{series}/20").json()
        assert [float(row["hessian.g.played real"]) for row in rows] == body["real"]
        assert [float(row["residual"]) for row in rows] == body["residuals"]
    elif tab == "density":
        for each in ("scores.real", "scores.fake"):
            body = client.get(f"/runs/{run}/series/{each}/20").json()
            assert [float(row["density"]) for row in rows if row["series"] == each] == body["density"]
    else:
        body = client.get(f"/runs/{run}/series/points/0", headers={"Accept": "application/json"}).json()
        assert [[float(r["x"]), float(r["y"])] for r in rows if r["kind"] == "generated"] == body["generated"]
        assert [float(r["logit of D"]) for r in rows if r["kind"] == "lattice"] == [
            v for row in body["field"] for v in row
        ]


@pytest.fixture(scope="module")
def file(server, run, tmp_path_factory):
    """The run's file, on a disk."""
    path = tmp_path_factory.mktemp("file") / "a run.html"
    written = server.run_command("export", run, "--format", "html", "-o", str(path))
    assert written.returncode == 0, written.stderr
    return path


@pytest.fixture
def offline(page, file):
    """The file, opened from the disk with the network cut; whatever it asks for is noted."""
    page.asked = []
    page.on("dialog", lambda dialog: pytest.fail("a script in a run's name ran"))
    page.on("request", lambda request: page.asked.append(request.url))
    page.context.set_offline(True)
    page.context.route(lambda url: not url.startswith("file:"), lambda route: route.abort())
    page.goto(file.as_uri())
    page.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    return page


def drawn(page, chart):
    """What Plotly was given for the lines of a chart: series → its steps and values."""
    return page.evaluate(
        """chart => Object.fromEntries(document.querySelector(`[data-testid="chart-${chart}"] .js-plotly-plot`).data
          .filter(({name}) => name).map(({name, x, y}) => [name, [x, y]]))""",
        chart,
    )


def test_the_file_shows_the_run_without_any_network(offline, server, run, file):
    assert [url for url in offline.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert file.stat().st_size < 15_000_000
    said = server.client().get(f"/runs/{run}").json()
    assert offline.get_by_test_id("run-name").inner_text() == NAME
    assert offline.title() == f"{NAME} · recording · Modescope"
    assert offline.get_by_test_id("step").inner_text() == str(said["step"])
    wanted = server.client().get(f"/runs/{run}/series/loss.d", params={"buckets": 600}).json()
    steps, values = drawn(offline, "losses")["loss.d"]
    assert len(steps) > 100
    held = dict(zip(wanted["steps"], wanted["last"], strict=True))
    assert set(values) <= set(held.values())
    [change] = server.client().ledger(run)
    item = offline.get_by_test_id("ledger-item")
    assert (item.count(), item.get_attribute("data-outcome")) == (1, "applied")
    assert "2e-4 → 0.002" in item.inner_text()
    assert REASON in item.inner_text()
    mark = offline.locator(f'[data-testid="mark"][data-step="{change["step"]}"]')
    assert mark.count() >= 3


def test_the_file_says_what_it_is_and_nothing_in_it_can_be_turned(offline, run):
    words = offline.get_by_test_id("recording").inner_text()
    assert "A recording" in words
    assert f"the run was finished at step {STEPS}" in words
    assert offline.get_by_test_id("data-age").inner_text() == "recorded"
    for verb in ("pause", "stop", "fork", "checkpoint", "export", "undo", "twin", "apply-knobs"):
        assert offline.get_by_test_id(verb).filter(visible=True).count() == 0, verb
    assert offline.locator('[data-testid="knobs"] input:enabled').filter(visible=True).count() == 0
    assert offline.locator("a[href]").filter(visible=True).evaluate_all(
        "all => all.map(a => a.getAttribute('href'))"
    ) in ([], ["#page"])
    offline.get_by_test_id("recording-limits").locator("summary").click()
    assert "buckets of up to 4 steps" in offline.get_by_test_id("recording-limits").inner_text()


def test_the_cursor_of_the_file_chooses_what_is_shown(offline, server, run):
    view = offline.get_by_test_id("points-view")
    slider = offline.get_by_test_id("samples-step")
    slider.fill("0")
    wait_until(offline, lambda: view.get_attribute("data-step") == "0", within_s=10, what="the first points")
    first = view.evaluate("canvas => canvas.toDataURL()")
    offline.keyboard.press("l")
    wait_until(offline, lambda: view.get_attribute("data-step") == str(STEPS), within_s=10, what="the last points")
    assert view.evaluate("canvas => canvas.toDataURL()") != first
    offline.get_by_test_id("tab-spectrum").click()
    said = offline.get_by_test_id("spectrum-at-step")
    wait_until(offline, lambda: points(offline, "spectrum-at-step") == 8, within_s=10, what="a spectrum")
    assert f"at step {STEPS}" in said.get_attribute("aria-label")
    offline.get_by_test_id("play").click()
    wait_until(
        offline,
        lambda: int(offline.get_by_test_id("rail").get_attribute("aria-valuenow")) > 50,
        within_s=10,
        what="the film",
    )
    offline.get_by_test_id("play").click()
    assert "?t=" in offline.url
    offline.reload()
    wait_until(
        offline, lambda: "Cursor" in offline.locator(".rail-words").inner_text(), within_s=10, what="the same step"
    )


def test_a_zoom_of_the_file_shows_the_buckets_that_it_holds_and_they_can_be_saved(offline, server, run, file):
    offline.goto(f"{file.as_uri()}?zoom=100-300")
    offline.locator('[data-testid="chart-losses"] .scatterlayer path.js-line').first.wait_for()
    name, content = saved(offline, "losses", "csv")
    assert name == f"{run}-losses_total-100-300.csv"
    wanted = server.client().get(f"/runs/{run}/series/loss.d", params={"buckets": 600}).json()
    within = [(step, last) for step, last in zip(wanted["steps"], wanted["last"], strict=True) if 100 <= step <= 300]
    rows = table(content)
    assert [(int(row["step"]), float(row["loss.d last (bucket of 4 steps)"])) for row in rows] == within
    assert size_of(saved(offline, "losses", "png")[1])[0] == 2 * 960


def test_axe_finds_nothing_serious_in_the_file(offline):
    """The file's policy lets no script in but its own; the checker comes in past it, and looks at the same elements."""
    offline.get_by_test_id("recording-limits").locator("summary").click()
    assert serious_faults(offline) == {}


def test_a_run_of_pictures_shows_the_grid_of_the_cursors_step_offline(page, server, tmp_path):
    client = server.client()
    run = client.launch("faces-acgan", steps=60, monitors=[{"name": "samples", "every": 10}], guards=[])
    client.wait(run, lambda r: r["step"] > 30, within_s=150)
    while_it_trains = client.get(f"/runs/{run}/export", params={"format": "html"}, timeout=60)
    client.post(f"/runs/{run}/commands", json={"command": "stop"})
    file = tmp_path / "faces.html"
    file.write_bytes(while_it_trains.content)
    page.context.set_offline(True)
    page.goto(file.as_uri())
    picture = page.get_by_test_id("samples-grid")
    picture.wait_for()
    assert "The run may have gone on since." in page.get_by_test_id("recording-limits").text_content()
    assert page.get_by_test_id("pause").count() == 0
    assert page.get_by_test_id("time-left").inner_text() == "–", "a file knows nothing of now"
    slider = page.get_by_test_id("samples-step")
    n = int(slider.get_attribute("max"))
    assert n >= 2
    slider.fill("1")
    wait_until(page, lambda: picture.get_attribute("data-step") == "10", within_s=10, what="the grid of step 10")
    shown = page.evaluate(
        """async () => { const image = document.querySelector('[data-testid="samples-grid"]');
          const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
          canvas.getContext('2d').drawImage(image, 0, 0);
          return [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.slice(0, 4000)]; }"""
    )
    assert len(set(shown)) > 20, "a picture"
    name, png = saved(page, "pictures", "png")
    assert name == f"{run}-samples-10.png"
    assert png == client.get(f"/runs/{run}/series/samples/10", headers={"Accept": "image/png"}).content
