"""Many at once, on a played log: a thousand viewers of one run, and fifty lively runs for the recorder."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from api.store.state import cursor, n_events
from benchmarks._audience import Audience
from benchmarks._played import add_run, database_of, event, scalars_of
from benchmarks._ratios import Ratio, default_cache
from benchmarks._stack import Stack, running, wait_until
from benchmarks.delivery import percentile
from contract.events import ScalarGroup, Scalars
from worker.store import Store

VIEWERS, LISTENERS = 1000, 20
"""Streams that are open, and how many of them read every event for its time; the others only count."""
EVENTS_S, EVENT_BYTES, WATCH_S = 20, 2000, 20.0
RUNS, RUN_EVENTS_S, PLAY_S = 50, 100, 20.0
LATE_S = 30.0
LEASE_MS = 600_000


@contextmanager
def stack_with(runs: list[str]) -> Iterator[Stack]:
    """A stack whose database knows these runs, and that does not miss whoever trains them."""

    def prepare(data: Path) -> None:
        database = database_of(data)
        with database.write() as session:
            for run in runs:
                add_run(session, run, 10**9, "running")
        database.close()

    with running(default_cache(), prepare) as stack:
        store = Store(stack.redis_url)
        for run in runs:
            store.take_lease(run, "1:played", LEASE_MS)
        store.close()
        yield stack


def viewers() -> Ratio:
    """Appended → read by a client, with a thousand of them; the api has one core to itself."""
    with stack_with(["watched"]) as stack:
        cores = sorted(os.sched_getaffinity(0))
        stack.process("api").cpu_affinity(cores[:1])
        audience, sent = asyncio.run(_watched(stack))
    lost = sum(sent - count for count in audience.counts)
    p50, p99 = percentile(audience.late_ms, 0.5), percentile(audience.late_ms, 0.99)
    details = (
        f"p50 {p50:.0f} ms, p99 {p99:.0f} ms; {sent} events of {EVENT_BYTES} bytes, {EVENTS_S} a second, to each of "
        f"{audience.joined} viewers: {lost} of {sent * VIEWERS} not delivered; the viewers are one process"
    )
    name = f"log to client, p99 / 250 ms, {VIEWERS} viewers, api on one core"
    kept = p99 <= 250 and lost == 0
    return Ratio(name, "<= 1", p99 / 250, (min(audience.late_ms) / 250, max(audience.late_ms) / 250), kept, details)


async def _watched(stack: Stack) -> tuple[Audience, int]:
    audience, sent = Audience(stack, "watched", VIEWERS, LISTENERS), int(EVENTS_S * WATCH_S)
    async with audience.watching():
        await asyncio.to_thread(_send, stack.redis_url, sent)
        await asyncio.to_thread(wait_until, lambda: min(audience.counts) >= sent, LATE_S)
    return audience, sent


def _send(redis_url: str, n: int) -> None:
    store = Store(redis_url)
    began = time.monotonic()
    for number in range(1, n + 1):
        time.sleep(max(0.0, began + number / EVENTS_S - time.monotonic()))
        store.append(event("watched", number, number, scalars_of(EVENT_BYTES, number)))
    store.close()


def ingest() -> Ratio:
    """Events recorded a second over events sent a second, and how long one waits to be in SQL."""
    runs = [f"lively-{number}" for number in range(RUNS)]
    with stack_with(runs) as stack:
        database = database_of(stack.data)
        store, late_ms = Store(stack.redis_url), []
        playing = threading.Thread(target=_play, args=(store, runs))
        began = time.monotonic()
        playing.start()
        sent, recorded = int(RUNS * RUN_EVENTS_S * PLAY_S), 0
        while recorded < sent and time.monotonic() - began < PLAY_S + LATE_S:
            time.sleep(0.1)
            with database.read() as session:
                newest, recorded = float(cursor(session).partition("-")[0]) / 1000, n_events(session)
            if newest and playing.is_alive():
                late_ms.append((time.time() - newest) * 1000)
        took_s = time.monotonic() - began
        playing.join()
        database.close()
        store.close()
    p50, p99 = percentile(late_ms, 0.5), percentile(late_ms, 0.99)
    details = (
        f"{RUNS} runs × {RUN_EVENTS_S} events/s for {PLAY_S:.0f} s: {recorded} of {sent} recorded after "
        f"{took_s:.1f} s; the newest recorded one is p50 {p50:.0f} ms, p99 {p99:.0f} ms old"
    )
    value = recorded / took_s / (RUNS * RUN_EVENTS_S)
    return Ratio("events recorded / sent, 50 lively runs", ">= 0.9", value, (value, value), value >= 0.9, details)


def _play(store: Store, runs: list[str]) -> None:
    began = time.monotonic()
    for turn in range(int(PLAY_S * 10)):
        time.sleep(max(0.0, began + turn / 10 - time.monotonic()))
        first = turn * RUN_EVENTS_S // 10 + 1
        numbers = range(first, first + RUN_EVENTS_S // 10)
        store.append_many([(event(run, n, n, _some(n)), None) for run in runs for n in numbers])


def _some(step: int) -> Scalars:
    return Scalars(
        groups=[ScalarGroup(steps=[step], values={name: [0.5] for name in ("loss.d", "loss.g", "logit.real")})]
    )


def measure() -> Iterator[Ratio]:
    """Both."""
    yield viewers()
    yield ingest()
