"""The page of a run that goes on, in a real browser: what opening it takes, what watching costs, how soon one sees.

The run is played, ten events a second of fifty steps and seven series with a picture every two seconds, so that what
is measured is the page and not a loop that shares its cores.
"""

import shutil
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from benchmarks._live_player import LivePlayer, Sent
from benchmarks._ratios import Ratio
from benchmarks._stack import Stack
from benchmarks.delivery import percentile
from benchmarks.load import stack_with
from benchmarks.opening import DRAWN, FLAGS

RUN = "played"
OPENINGS, WATCH_S, PRESSES, ZOOMS = 5, 30.0, 30, 6
SETTLE_S = 65.0
"""Until what the page keeps of the last minute is kept: its heap grows no more by that."""
BEFORE_GRIDS = 40
"""Pictures that the run has before it is opened."""
OBSERVE = """() => {
  const seen = (window.seen = { shift: 0, long_ms: 0, frames: 0, largest_ms: 0, drawn: [] });
  const watch = (type, take) => new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({
    type, buffered: true,
  });
  watch('layout-shift', ({ value }) => (seen.shift += value));
  watch('longtask', ({ duration }) => (seen.long_ms += duration));
  watch('largest-contentful-paint', ({ startTime }) => (seen.largest_ms = startTime));
}"""
COUNT_FRAMES = """() => {
  const next = () => { window.seen.frames += 1; requestAnimationFrame(next); };
  requestAnimationFrame(next);
}"""
NOTE_DRAWINGS = """() => {
  const plot = document.querySelector('[data-testid="chart-losses"] .js-plotly-plot');
  plot.on('plotly_afterplot', () => window.seen.drawn.push({
    lasts: plot.data.map(({ y }) => y[y.length - 1]),
    at: (performance.timeOrigin + performance.now()) / 1000,
  }));
}"""
"""The last value of each trace, and when it was drawn."""
PRESS = """(by) => new Promise((done) => {
  const picture = document.querySelector('[data-testid=samples-grid]');
  const slider = document.querySelector('[data-testid=samples-step]');
  const began = performance.now();
  const end = new MutationObserver(() => {
    end.disconnect();
    requestAnimationFrame(() => setTimeout(() => done(performance.now() - began)));
  });
  end.observe(picture, { attributes: true, attributeFilter: ['data-step'] });
  slider.value = String(Number(slider.value) + by);
  slider.dispatchEvent(new Event('input', { bubbles: true }));
})"""
ZOOM = """(range) => new Promise((done) => {
  const plots = [...document.querySelectorAll('.chart .js-plotly-plot')].filter((plot) => plot.data?.length);
  const began = performance.now();
  let left = plots.length;
  for (const plot of plots) {
    const drawn = () => {
      if (Math.abs(plot.layout.xaxis.range[0] - range[0]) > 1) return;
      plot.removeListener('plotly_afterplot', drawn);
      left -= 1;
      if (left === 0) done(performance.now() - began);
    };
    plot.on('plotly_afterplot', drawn);
  }
  window.Plotly.relayout(plots[0], { 'xaxis.range[0]': range[0], 'xaxis.range[1]': range[1] });
})"""


def measure() -> Iterator[Ratio]:
    """Opening, watching, and what a person does meanwhile."""
    with stack_with([RUN]) as stack, playing(stack) as player, sync_playwright() as playwright:
        found = shutil.which("chromium") or shutil.which("chromium-browser")
        browser = playwright.chromium.launch(executable_path=found, args=FLAGS)
        yield from _opening(browser, stack)
        page, session = _opened(browser, stack)
        yield from _watching(page, session, player)
        yield from _doing(page)
        browser.close()


@contextmanager
def playing(stack: Stack) -> Iterator[LivePlayer]:
    """A player that has sent enough for the page to have something to show."""
    player = LivePlayer(stack.redis_url, RUN)
    for _ in range(BEFORE_GRIDS * 20):
        player.send()
    player.start()
    try:
        yield player
    finally:
        player.stop()


def _opened(browser: Browser, stack: Stack) -> tuple[Page, CDPSession]:
    """A signed-in page of the run, observed from its beginning."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto(f"{stack.url}/#token={stack.token}")
    page.get_by_test_id("runs-table").wait_for()
    session = context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Performance.enable")
    page.add_init_script(f"({OBSERVE})()")
    page.goto(f"{stack.url}/runs/{RUN}", wait_until="commit")
    page.wait_for_function(DRAWN, polling="raf")
    return page, session


def _opening(browser: Browser, stack: Stack) -> Iterator[Ratio]:
    """Each time in a browser that has nothing of the page."""
    first, largest, kilobytes, requests = [], [], [], []
    for _ in range(OPENINGS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.request.post(f"{stack.url}/api/v1/session", data={"token": stack.token})
        page = context.new_page()
        wire = _Wire(context.new_cdp_session(page))
        page.add_init_script(f"({OBSERVE})()")
        page.goto(f"{stack.url}/runs/{RUN}", wait_until="commit")
        page.wait_for_function(DRAWN, polling="raf")
        paint_ms = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        first.append(paint_ms)
        largest.append(page.evaluate("window.seen.largest_ms"))
        kilobytes.append(wire.bytes_within(paint_ms / 1000) / 1000)
        requests.append(float(len(wire.began)))
        context.close()
    yield _line("first paint of a run's page, ms", 300, first, f"{OPENINGS} openings, nothing cached")
    yield _line("largest paint of a run's page, ms", 800, largest, "the same openings")
    yield _line("sent before the first paint, kB", 150, kilobytes, "as they came over the wire")
    modules = "modules among them; a second visit asks for none of these"
    yield _line("requests until the first chart is drawn", 12, requests, modules)


class _Wire:
    """When requests began, and when their answers had come; in seconds of one clock."""

    def __init__(self, session: CDPSession) -> None:
        self.began: list[float] = []
        self._came: list[tuple[float, float]] = []
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda said: self.began.append(said["timestamp"]))
        session.on(
            "Network.loadingFinished", lambda said: self._came.append((said["timestamp"], said["encodedDataLength"]))
        )

    def bytes_within(self, seconds: float) -> float:
        """Of answers that were complete so long after the first request."""
        return sum(size for at, size in self._came if at - min(self.began) <= seconds)


def _watching(page: Page, session: CDPSession, player: LivePlayer) -> Iterator[Ratio]:
    """Nobody touches it."""
    page.wait_for_timeout(SETTLE_S * 1000)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.evaluate(COUNT_FRAMES)
    page.evaluate(NOTE_DRAWINGS)
    before, heap, began = _metrics(session), _heap_mb(session), time.monotonic()
    page.evaluate("() => { window.seen.long_ms = 0; }")
    sent_before = len(player.sent)
    page.wait_for_timeout(WATCH_S * 1000)
    seen, took_s = page.evaluate("window.seen"), time.monotonic() - began
    share = (_metrics(session)["TaskDuration"] - before["TaskDuration"]) / took_s
    grown = (_heap_mb(session) - heap) / took_s * 600
    what = f"{WATCH_S:.0f} s of 10 events/s, six charts and the samples"
    yield _line("main thread while watching, share", 0.10, [share], what)
    yield _line("long tasks, ms a second", 10, [seen["long_ms"] / took_s], what)
    yield _line("layout shift since it was opened", 0.01, [seen["shift"]], what)
    collected = f"after garbage collection, from {heap:.1f} MB at the beginning"
    yield _line("growth of the heap, MB in 10 min", 5, [grown], collected)
    polls = [url for url in asked if "/samples/" not in url]
    named = ", ".join(sorted({url.partition("/api/")[2] for url in polls}))[:200]
    yield _line("requests that are not pictures, while watching", 0, [float(len(polls))], named)
    frames = seen["frames"] / took_s
    yield Ratio("frames a second while watching", ">= 50", frames, (frames, frames), frames >= 50, what)
    late_ms = _late_ms(player.sent[sent_before:], seen["drawn"])
    details = (
        f"p50 {percentile(late_ms, 0.5):.0f} ms of {len(late_ms)} events; a chart is drawn at most four times a second"
    )
    yield _line("appended to drawn, p99, ms", 300, late_ms, details, percentile(late_ms, 0.99))


def _late_ms(sent: list[Sent], drawn: list[dict[str, Any]]) -> list[float]:
    """How old each event was when a drawing first showed it, known by the value at the end of the line."""
    late: list[float] = []
    shown = 0
    for drawing in drawn:
        newest = next((n for n, event in enumerate(sent) if event.value in drawing["lasts"]), None)
        if newest is None or newest < shown:
            continue
        late += [1000 * (drawing["at"] - event.at) for event in sent[shown : newest + 1]]
        shown = newest + 1
    return late


def _doing(page: Page) -> Iterator[Ratio]:
    """The slider moved to pictures that were not shown yet and back; a zoom of all charts."""
    new = [page.evaluate(PRESS, -4) for _ in range(BEFORE_GRIDS // 5)]
    kept = [page.evaluate(PRESS, 1 if turn % 2 else -1) for turn in range(PRESSES)]
    yield _line("slider to a picture not fetched, p95, ms", 200, new, f"{len(new)} moves", percentile(new, 0.95))
    yield _line("slider to a picture fetched, p95, ms", 50, kept, f"{len(kept)} moves", percentile(kept, 0.95))
    page.keyboard.press("l")
    spans = [page.evaluate(ZOOM, [1000 + 1000 * turn, 21_000 + 1000 * turn]) for turn in range(ZOOMS)]
    yield _line("zoom until every chart shows it, ms", 300, spans, f"{ZOOMS} zooms of all charts that are drawn")


def _metrics(session: CDPSession) -> dict[str, float]:
    return {one["name"]: one["value"] for one in session.send("Performance.getMetrics")["metrics"]}


def _heap_mb(session: CDPSession) -> float:
    session.send("HeapProfiler.collectGarbage")
    return _metrics(session)["JSHeapUsedSize"] / 1e6


def _line(name: str, most: float, values: list[float], details: str, value: float | None = None) -> Ratio:
    shown = statistics.median(values) if value is None else value
    return Ratio(name, f"<= {most:g}", shown, (min(values), max(values)), shown <= most, details)
