"""The way there and back on the real stack: asked → applied, and trainer → stream client with many viewers."""

import asyncio
import time
from collections.abc import Iterator, Mapping

import httpx

from benchmarks._audience import Audience
from benchmarks._ratios import Ratio, default_cache
from benchmarks._stack import Stack, running
from contract.events import ACTIVE

REQUESTS = 60
VIEWERS = 50
WATCH_S = 10.0
SLOW = {"batch": 128}
"""Of faces-acgan: steps of about 100 ms."""


def percentile(values: list[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def launch(http: httpx.Client, recipe: str, overrides: Mapping[str, object]) -> str:
    """A run that trains; waits for its first step."""
    run: str = http.post("/runs", json={"recipe": recipe, "overrides": {"steps": 1_000_000, **overrides}}).json()["id"]
    while http.get(f"/runs/{run}").json()["step"] == 0:
        time.sleep(0.1)
    return run


def stop(http: httpx.Client, run: str) -> None:
    """End a run and wait for it."""
    http.post(f"/runs/{run}/commands", json={"command": "stop"})
    while http.get(f"/runs/{run}").json()["status"] in ACTIVE:
        time.sleep(0.1)


def asked_to_applied(http: httpx.Client, run: str) -> tuple[list[float], float]:
    """Latencies in ms as the ledger says them, and the run's ms a step meanwhile."""
    first, began = http.get(f"/runs/{run}").json()["step"], time.monotonic()
    for turn in range(REQUESTS):
        http.patch(f"/runs/{run}/knobs", json={"optimiser.g.beta1": 0.5 + 0.001 * (turn % 2)})
        time.sleep(0.15)
    time.sleep(2)
    took_ms = (time.monotonic() - began) * 1000
    step_ms = took_ms / max(http.get(f"/runs/{run}").json()["step"] - first, 1)
    items = http.get(f"/runs/{run}/ledger", params={"limit": 500}).json()["items"]
    return [item["latency_ms"] for item in items if item["outcome"] == "applied"], step_ms


async def watched(stack: Stack, run: str, viewers: int) -> list[float]:
    """How late each of the trainer's scalars comes to each viewer, ms, by one clock."""
    audience = Audience(stack, run, viewers, viewers)
    async with audience.watching():
        await asyncio.sleep(WATCH_S)
    return audience.late_ms


def knob_promise(http: httpx.Client, recipe: str, overrides: Mapping[str, object]) -> Ratio:
    """Asked → applied against one step + 50 ms."""
    run = launch(http, recipe, overrides)
    latencies, step_ms = asked_to_applied(http, run)
    stop(http, run)
    p50, p99 = percentile(latencies, 0.5), percentile(latencies, 0.99)
    limit = step_ms + 50
    details = (
        f"p50 {p50:.0f} ms ({p50 / step_ms:.1f} steps), p99 {p99:.0f} ms ({p99 / step_ms:.1f} steps) "
        f"of {len(latencies)} requests; a step takes {step_ms:.1f} ms"
    )
    name = f"asked to applied, p99 / (one step + 50 ms), {recipe}"
    return Ratio(name, "<= 1", p99 / limit, (min(latencies) / limit, max(latencies) / limit), p99 <= limit, details)


def viewer_promise(stack: Stack, http: httpx.Client, viewers: int) -> Ratio:
    """Event of the trainer → client, with many viewers, against 150 ms (250 less the batch of 100 ms)."""
    run = launch(http, "ring-collapse", {})
    late_ms = asyncio.run(watched(stack, run, viewers))
    stop(http, run)
    p50, p99 = percentile(late_ms, 0.5), percentile(late_ms, 0.99)
    details = f"p50 {p50:.0f} ms, p99 {p99:.0f} ms of {len(late_ms)} deliveries, after the batch of <= 100 ms"
    name = f"trainer to client, p99 / 150 ms, {viewers} viewers"
    return Ratio(name, "<= 1", p99 / 150, (min(late_ms) / 150, max(late_ms) / 150), p99 <= 150, details)


def measure() -> Iterator[Ratio]:
    """All of them, on one stack, trainer and viewers on the same cores."""
    with running(default_cache()) as stack, stack.client() as http:
        yield knob_promise(http, "ring-collapse", {})
        yield knob_promise(http, "faces-acgan", SLOW)
        yield viewer_promise(stack, http, 1)
        yield viewer_promise(stack, http, VIEWERS)
