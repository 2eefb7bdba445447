"""The page's unit tests (`node --test tests/frontend/*.test.js`), run in the browser, so that nobody needs Node."""

import mimetypes
import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, sync_playwright

pytestmark = pytest.mark.browser

REPOSITORY = Path(__file__).parents[2]
HERE = Path(__file__).parent
FILES = sorted(path.name for path in HERE.glob("*.test.js"))
ORIGIN = "http://modescope.test"
EMPTY_PAGE = """<!doctype html><script type="importmap">{"imports": {
  "node:test": "/tests/frontend/in_browser/test.js", "node:assert/strict": "/tests/frontend/in_browser/assert.js"
}}</script>"""
RUN = """async (file) => {
  const { run } = await import('node:test');
  await import(file);
  return await run();
}"""


def serve(route: Route) -> None:
    """Files of the repository as a server would give them; nothing leaves this machine."""
    path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
    file = REPOSITORY / path.lstrip("/")
    if path == "/":
        route.fulfill(body=EMPTY_PAGE, content_type="text/html")
    elif file.is_file():
        route.fulfill(body=file.read_bytes(), content_type=mimetypes.guess_type(file.name)[0] or "text/plain")
    else:
        route.fulfill(status=404)


@pytest.fixture(scope="module")
def browser():
    flags = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-gpu"]
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=flags)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    page = browser.new_page()
    page.route("**/*", serve)
    page.goto(f"{ORIGIN}/")
    yield page
    page.close()


def run(page: Page, file: str) -> list[dict]:
    return page.evaluate(RUN, f"/tests/frontend/{file}")


def test_there_are_unit_tests():
    assert len(FILES) > 3


@pytest.mark.parametrize("file", FILES)
def test_units(page, file):
    results = run(page, file)
    assert [f"{result['name']}\n{result['error']}" for result in results if result["error"] is not None] == []
    assert len(results) == (HERE / file).read_text().count("\ntest(")


def test_failure_is_seen(page):
    """The stand-ins for Node's modules can fail: each of these assertions must."""
    assert [result["error"] is None for result in run(page, "in_browser/must_fail.js")] == [True] + [False] * 12
