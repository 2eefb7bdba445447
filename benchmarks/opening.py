"""Opening a very long run in a real browser: when its first chart is drawn, and what that took over the wire."""

import shutil
import statistics
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, CDPSession, sync_playwright

from benchmarks._played import record_long_run
from benchmarks._ratios import Ratio, default_cache
from benchmarks._stack import Stack, running

STEPS, SERIES = 1_000_000, 12
OPENINGS = 5
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
DRAWN = "() => document.querySelectorAll('.scatterlayer path.js-line').length > 0"
QUIET = "() => document.querySelectorAll('.scatterlayer path.js-line').length >= 6"


@dataclass
class _Wire:
    """What came over the wire: bytes as they were sent, of answers of the API."""

    api_bytes: float = 0.0
    urls: dict[str, str] = field(default_factory=dict)

    def listen(self, session: CDPSession) -> None:
        session.send("Network.enable")
        session.on(
            "Network.requestWillBeSent", lambda said: self.urls.update({said["requestId"]: said["request"]["url"]})
        )
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, said: dict[str, float]) -> None:
        if "/api/" in self.urls.get(str(said["requestId"]), ""):
            self.api_bytes += said["encodedDataLength"]


def measure() -> Iterator[Ratio]:
    """First chart, and bytes, of a run of a million steps."""
    recorded_s = 0.0

    def prepare(data: Path) -> None:
        nonlocal recorded_s
        began = time.monotonic()
        record_long_run(data, "long", STEPS, SERIES)
        recorded_s = time.monotonic() - began

    with running(default_cache(), prepare) as stack, sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        opened = [_open(browser, stack) for _ in range(OPENINGS)]
        browser.close()
    seconds, size = [each[0] for each in opened], [each[1] / 1000 for each in opened]
    what = f"{STEPS:,} steps × {SERIES} series, {OPENINGS} openings in fresh browsers whose scripts are cached"
    first = statistics.median(seconds)
    yield Ratio("first chart of a long run, s", "<= 1", first, (min(seconds), max(seconds)), first <= 1, what)
    kb = statistics.median(size)
    details = f"answers of the API until six lines are drawn; recording all of it had taken {recorded_s:.0f} s"
    yield Ratio("sent for a long run, kB", "<= 300", kb, (min(size), max(size)), kb <= 300, details)


def _open(browser: Browser, stack: Stack) -> tuple[float, float]:
    """Seconds from the request to the first line drawn, and bytes of the API's answers until six are."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{stack.url}/#token={stack.token}")
    page.get_by_test_id("recipes").wait_for()
    page.goto(f"{stack.url}/runs/long")  # once, so that scripts and Plotly are in the cache
    page.wait_for_function(DRAWN)
    page.goto("about:blank")
    wire = _Wire()
    wire.listen(context.new_cdp_session(page))
    page.goto(f"{stack.url}/runs/long", wait_until="commit")
    page.wait_for_function(DRAWN, polling="raf")
    first_s = page.evaluate("performance.now()") / 1000
    page.wait_for_function(QUIET)
    context.close()
    return first_s, wire.api_bytes
