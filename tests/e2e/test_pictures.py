"""Pictures of a run: which of its grids, enlarged, as a filmstrip; the layers of the plane; a lane for each guard."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

GRIDS = [
    {"name": "samples", "every": 20},
    {"name": "fresh_samples", "every": 60},
    {"name": "interpolation", "every": 60},
    {"name": "nearest_real", "every": 60},
]


@pytest.fixture(scope="module")
def faces(server):
    client = server.client()
    run = client.launch("faces-acgan", steps=160, network={"width": 8}, monitors=GRIDS)
    client.wait(run, lambda run: run["status"] == "finished", within_s=120)
    return run


@pytest.fixture(scope="module")
def ring(server):
    client = server.client()
    run = client.launch("ring-collapse", steps=1500)
    client.wait(run, lambda run: run["status"] == "finished", within_s=120)
    return run


@pytest.fixture
def signed_in(page, server):
    page.goto(server.link)
    page.get_by_test_id("runs-table").wait_for()
    return page


def open_run(page, server, run, search=""):
    page.goto(f"{server.url}/runs/{run}{search}")
    page.get_by_test_id("pictures").locator("[data-step]").first.wait_for()
    return page.get_by_test_id("pictures")


def shown_at(page, step):
    page.wait_for_function(f"() => document.querySelector('[data-testid=samples-grid]')?.dataset.step === '{step}'")


def test_each_grid_can_be_looked_at_and_the_address_says_which(signed_in, server, faces):
    page = signed_in
    box = open_run(page, server, faces)
    picker = box.get_by_test_id("grid-series")
    assert picker.locator("option").all_inner_texts() == [
        "fixed latents",
        "fresh latents",
        "interpolation",
        "nearest real",
    ]
    shown_at(page, 160)
    picker.select_option("interpolation")
    page.wait_for_url("**?show=grid:interpolation")
    address = f"/runs/{faces}/series/interpolation/160"
    page.wait_for_function(f"() => document.querySelector('[data-testid=samples-grid]')?.src.endsWith('{address}')")
    page.reload()
    page.wait_for_function(f"() => document.querySelector('[data-testid=samples-grid]')?.src.endsWith('{address}')")
    assert picker.input_value() == "interpolation"


def test_enlarged_each_pixel_is_a_larger_whole_number_of_the_screens_and_the_step_can_be_moved(
    signed_in, server, faces
):
    page = signed_in
    box = open_run(page, server, faces)
    scale = "(picture) => picture.clientWidth / picture.naturalWidth"
    small = box.get_by_test_id("samples-grid").evaluate(scale)
    box.get_by_test_id("enlarge").click()
    dialog = page.get_by_role("dialog", name="Samples")
    picture = dialog.get_by_test_id("samples-grid")
    picture.and_(page.locator("[data-step='160']")).wait_for()
    large = picture.evaluate(scale)
    assert large == int(large) > small
    page.keyboard.press("ArrowLeft")
    picture.and_(page.locator("[data-step='140']")).wait_for()
    assert "t=140" in page.url
    serious = [
        one["id"]
        for one in Axe().run(page, context="dialog").response["violations"]
        if one["impact"] in ("serious", "critical")
    ]
    assert serious == []
    page.keyboard.press("Escape")
    dialog.wait_for(state="detached")
    assert box.get_by_test_id("samples-grid").get_attribute("data-step") == "140", "the page went with it"


def test_a_filmstrip_shows_the_run_and_leads_to_its_steps(signed_in, server, faces):
    page = signed_in
    open_run(page, server, faces).get_by_test_id("filmstrip-button").click()
    page.wait_for_url("**?show=film:on")
    frames = page.get_by_test_id("filmstrip").get_by_role("button")
    assert [frame.get_attribute("data-step") for frame in frames.all()] == [str(step) for step in range(0, 161, 20)]
    page.wait_for_function(
        "() => [...document.querySelectorAll('.film-picture')].every(({ naturalWidth }) => naturalWidth > 0)"
    )
    frames.nth(3).click()
    shown_at(page, 60)
    assert frames.nth(3).get_attribute("aria-current") == "step"
    assert re.search(r"t=60\b", page.url)


def test_layers_of_the_plane_are_shown_and_hidden_and_the_address_keeps_it(signed_in, server, ring):
    page = signed_in
    box = open_run(page, server, ring)
    canvas = box.get_by_test_id("points-view")
    drawn = """(canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return new Set(new Uint32Array(data.buffer)).size;
    }"""
    whole = canvas.evaluate(drawn)
    assert whole > 100, "a surface of many colours"
    for layer in ("surface", "real", "generated", "slopes"):
        button = box.get_by_test_id(f"layer-{layer}")
        assert button.get_attribute("aria-pressed") == "true"
        button.click()
        box.locator(f"[data-testid=layer-{layer}][aria-pressed=false]").wait_for()
    page.wait_for_function(f"() => ({drawn})(document.querySelector('[data-testid=points-view]')) === 1")
    assert page.url.endswith("?show=hidden:real.generated.surface.slopes")
    box.get_by_test_id("layer-slopes").click()
    page.wait_for_function(f"() => ({drawn})(document.querySelector('[data-testid=points-view]')) > 1")
    assert "logits per unit" in box.get_by_test_id("layer-slopes").get_attribute("title")


def test_a_point_of_one_latent_glides_unless_less_motion_is_asked_for(signed_in, server, ring):
    """Drawings of one canvas after one press: several while it glides, one or two without."""
    page = signed_in
    counts = {}
    for motion in ("no-preference", "reduce"):
        page.emulate_media(reduced_motion=motion)
        box = open_run(page, server, ring, "?t=800")
        page.wait_for_timeout(600)
        page.evaluate("""() => {
          const { clearRect, fillRect } = CanvasRenderingContext2D.prototype;
          window.drawings = 0;
          CanvasRenderingContext2D.prototype.fillRect = function (...place) {
            if (this.canvas.dataset.testid === 'points-view') window.drawings += 1;
            return fillRect.apply(this, place);
          };
        }""")
        page.get_by_test_id("samples-step").focus()
        page.keyboard.press("ArrowRight")
        box.get_by_test_id("points-view").and_(page.locator("[data-step='1000']")).wait_for()
        page.wait_for_timeout(500)
        counts[motion] = page.evaluate("window.drawings")
    assert counts["no-preference"] >= 4
    assert counts["reduce"] <= 2


def test_each_guard_has_a_lane_with_its_state_in_words(signed_in, server, ring):
    page = signed_in
    open_run(page, server, ring)
    guards = server.client().run(ring)["spec"]["guards"]
    toggle = page.get_by_test_id("guard-lanes-toggle")
    assert toggle.get_attribute("aria-expanded") == "false"
    toggle.click()
    lanes = page.get_by_test_id("guard-lanes").get_by_role("listitem")
    lanes.first.wait_for()
    assert lanes.count() == len(guards) > 3
    assert {lane.locator(".guard-name").inner_text() for lane in lanes.all()} == {guard["name"] for guard in guards}
    raised = {alarm["body"]["guard"] for alarm in server.client().get(f"/runs/{ring}/alarms").json()["items"]}
    for lane in lanes.all():
        name, words = lane.locator(".guard-name").inner_text(), lane.locator(".guard-state").inner_text()
        assert words.strip() in {"quiet", "calibrating", "not watching", "off", "raised", "cleared", "not heard yet"}
        assert (lane.get_by_role("button").count() > 0) == (name in raised and words.strip() in {"raised", "cleared"})
    page.wait_for_url("**?show=lanes:on")
