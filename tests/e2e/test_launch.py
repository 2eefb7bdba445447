"""Launching from the page: form and text follow each other, faults stand at their line, one's own pictures train."""

import io
import re

import pytest
from PIL import Image, ImageDraw

from tests.e2e.views import serious_faults, too_wide

pytestmark = [pytest.mark.stack, pytest.mark.browser, pytest.mark.timeout(420)]

VIEWS = ["/launch", "/launch?recipe=ring-gan", "torn", "own"]


@pytest.fixture
def signed_in(page, server):
    page.goto(server.link)
    page.get_by_test_id("recipe-card-ring-gan").wait_for()
    return page


def opened(page, server, address="/launch?recipe=ring-gan"):
    """The text of the spec, as the form has it."""
    page.goto(server.url + address)
    page.wait_for_function("() => document.querySelector('[data-testid=launch-yaml]')?.value.includes('steps:')")
    return page.get_by_test_id("launch-yaml")


def pictures(n=12):
    """Bright and dark squares on a ground: twelve pictures that are no photographs of anybody."""
    found = []
    for i in range(n):
        image = Image.new("RGB", (24, 24), "white" if i % 2 else "black")
        ImageDraw.Draw(image).rectangle((4 + i % 5, 4, 14 + i % 5, 14), fill=(20 * i, 90, 200))
        file = io.BytesIO()
        image.save(file, "PNG")
        found.append({"name": f"{i:02}.png", "mimeType": "image/png", "buffer": file.getvalue()})
    return found


def test_every_card_shows_its_picture_or_the_kind_of_its_samples(signed_in):
    page = signed_in
    cards = page.locator("[data-testid^=recipe-card-]")
    n = cards.count()
    assert n > 20
    cards.last.scroll_into_view_if_needed()
    images = page.locator("[data-testid^=recipe-card-] img")
    drawn = page.locator("[data-testid^=recipe-card-] .recipe-picture svg").count()
    assert images.count() + drawn == n
    assert 0 < drawn < 6, "those that are sized for a GPU"
    for index in range(n - drawn):
        images.nth(index).scroll_into_view_if_needed()
    seen = "[...document.querySelectorAll('[data-testid^=recipe-card-] img')].map((each) => each.naturalWidth)"
    page.wait_for_function(f"() => {seen}.every((width) => width > 60)")


def test_the_text_follows_the_form_and_the_form_the_text(signed_in, server):
    page = signed_in
    area = opened(page, server)
    page.locator("#field-steps").fill("777")
    page.wait_for_function("() => document.querySelector('[data-testid=launch-yaml]').value.includes('steps: 777')")
    area.fill(area.input_value().replace("steps: 777", "steps: 321").replace("{name: nonsaturating}", "{name: hinge}"))
    page.wait_for_function("() => document.querySelector('#field-steps').value === '321'")
    assert page.get_by_test_id("choose-loss").input_value() == "hinge"
    assert "steps: 321" in area.input_value(), "what was typed stays as it was typed"


def test_typing_is_never_overwritten(signed_in, server):
    page = signed_in
    area = opened(page, server)
    area.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("# mine\n")
    page.wait_for_function("() => document.querySelector('[data-testid=yaml-state]').textContent === ''")
    page.keyboard.type("# two\n")
    page.wait_for_timeout(700)
    assert area.input_value().startswith("# mine\n# two\n")
    assert page.evaluate("document.activeElement.id") == "spec-yaml"
    assert page.evaluate("document.activeElement.selectionStart") == len("# mine\n# two\n")


def test_what_cannot_be_read_has_its_line_and_the_form_keeps_the_last_that_could(signed_in, server):
    page = signed_in
    area = opened(page, server)
    good = area.input_value()
    line = next(i for i, text in enumerate(good.splitlines(), start=1) if text.startswith("loss:"))
    area.fill(
        good.replace("loss: {name: nonsaturating}", "loss: {name: nonsaturating, margin: [1}").replace("16000", "5")
    )
    page.get_by_test_id("yaml-faults").get_by_role("button", name=f"Line {line}").wait_for()
    assert page.locator("#field-steps").input_value() == "16000"
    assert page.get_by_test_id("launch-yaml").get_attribute("aria-invalid") == "true"
    page.get_by_test_id("launch-submit").click()
    page.get_by_test_id("launch-errors").get_by_text("Mend the spec’s text first").wait_for()
    assert server.client().get("/runs").json()["items"] == []


def test_a_value_out_of_bounds_stands_at_its_line_and_at_its_field(signed_in, server):
    page = signed_in
    area = opened(page, server)
    text = re.sub(r"\bweight: 0\b", "weight: -3", area.input_value(), count=1)
    area.fill(text)
    line = next(i for i, each in enumerate(text.splitlines(), start=1) if "weight: -3" in each)
    page.get_by_test_id("yaml-faults").get_by_text("regularisers.0.weight: must be 0 or more; got -3").wait_for()
    assert page.locator(f".yaml-numbers span:nth-child({line})").get_attribute("class") == "bad-line"
    assert "must be 0 or more" in page.locator("#field-regularisers-0-weight-problem").inner_text()


def test_a_recipes_file_is_pasted_and_launched_with_what_it_says(signed_in, server):
    page, client = signed_in, server.client()
    area = opened(page, server, "/launch")
    area.fill(
        "title: Mine\nlook: Here.\nduration: short\nspec:\n  dataset: {name: ring}\n  network: {name: mlp}\n"
        "  loss: {name: hinge}\n  steps: 1500\n  seed: 5\n"
    )
    page.get_by_test_id("launch-submit").click()
    page.wait_for_url("**/runs/*")
    run = client.wait(page.url.rsplit("/", 1)[-1], lambda run: run["status"] == "finished")
    assert (run["spec"]["seed"], run["steps"], run["spec"]["loss"]["name"]) == (5, 1500, "hinge")
    again = client.get(f"/runs/{run['id']}/export", params={"format": "yaml"}).text
    opened(page, server, "/launch").fill(again)
    page.wait_for_function("() => document.querySelector('#field-seed').value === '5'")
    page.get_by_test_id("cost-basis").get_by_text("seen in one earlier run on the CPU").wait_for()


def test_ones_own_pictures_are_sent_and_trained_on(signed_in, server):
    page, client = signed_in, server.client()
    opened(page, server, "/launch")
    page.get_by_test_id("own-images").locator("summary").click()
    page.get_by_test_id("own-name").fill("squares <b>bold</b>")
    page.get_by_test_id("own-files").set_input_files(pictures()[:3])
    page.get_by_test_id("own-words").get_by_text("Only 3 are a png, jpeg or webp; 10 are the least.").wait_for()
    assert client.get("/datasets").json()["items"] == []
    torn = {"name": "torn.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n"}
    page.get_by_test_id("own-files").set_input_files([*pictures(), torn])
    page.get_by_test_id("own-words").get_by_text("Kept 12 pictures. 1 not taken:").wait_for()
    (kept,) = client.get("/datasets").json()["items"]
    row = page.get_by_test_id(f"set-{kept['id']}")
    assert "squares <b>bold</b>" in row.inner_text()
    page.get_by_test_id(f"use-{kept['id']}").click()
    page.wait_for_function("() => document.querySelector('#field-dataset-id')?.value.length === 16")
    assert page.locator("#field-dataset-id").input_value() == kept["id"]
    page.locator("#field-steps").fill("30")
    page.get_by_test_id("launch-submit").click()
    page.wait_for_url("**/runs/*")
    run = client.wait(page.url.rsplit("/", 1)[-1], lambda run: run["status"] in ("finished", "failed"), within_s=90)
    assert (run["status"], run["reason"], run["spec"]["dataset"]["id"]) == ("finished", None, kept["id"])


def arranged(page, server, view):
    area = opened(page, server, view if view.startswith("/") else "/launch")
    if view == "torn":
        area.fill("dataset: {name: ring\nloss: 3\n")
        page.get_by_test_id("yaml-faults").get_by_role("button").first.wait_for()
    if view == "own":
        page.get_by_test_id("own-images").locator("summary").click()
        page.get_by_test_id("drop-zone").wait_for()


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_serious(signed_in, server, view):
    arranged(signed_in, server, view)
    assert serious_faults(signed_in) == {}


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_scrolls_sideways(signed_in, server, view):
    arranged(signed_in, server, view)
    assert too_wide(signed_in) == {}
