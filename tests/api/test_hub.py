"""The hub with a played log: what happens where a real one rarely goes."""

import asyncio
import signal

import pytest

from api import hub as hub_module
from api.hub import END, RESYNC, Hub, Viewer
from contract.events import Envelope, Log, to_fields


class PlayedLog:
    """A log whose entries a test hands out, and that can break."""

    def __init__(self):
        self.batches = asyncio.Queue()
        self.trimmed = "0-0"

    async def last_id(self):
        return "5-0"

    async def read(self, after, count):
        batch = await self.batches.get()
        if isinstance(batch, Exception):
            raise batch
        return batch

    async def trimmed_to(self):
        return self.trimmed


def entry(number, run="r"):
    event = Envelope(run=run, attempt=1, source="trainer", seq=1, time=1.0, kind="log", body={"message": "x"})
    return f"{number}-0", {b"seq": b"1", **{name.encode(): value for name, value in to_fields(event).items()}}


@pytest.fixture
async def log():
    return PlayedLog()


@pytest.fixture
async def hub(log):
    hub = Hub(log)
    hub.start()
    await hub.ready()
    yield hub
    await hub.stop()


async def take(viewer):
    return await asyncio.wait_for(viewer.queue.get(), 5)


async def test_a_viewer_gets_what_comes_after_it_joined(hub, log):
    with hub.viewer(["r"], None) as viewer:
        assert viewer.joined_at == "5-0"
        log.batches.put_nowait([entry(6), entry(7, "other"), entry(8)])
        assert [(await take(viewer)).split(b"\n")[0] for _ in range(2)] == [b"id: 6-0", b"id: 8-0"]
        with hub.viewer(None, None) as second:
            assert (second.joined_at, hub.n_viewers) == ("8-0", 2)
    assert hub.n_viewers == 0


async def test_when_entries_went_away_unread_everybody_resyncs(hub, log):
    with hub.viewer(["r"], None) as viewer:
        log.trimmed = "9-0"
        log.batches.put_nowait(ConnectionError("away"))
        assert [await take(viewer), await take(viewer)] == [RESYNC, END]
        assert hub.n_viewers == 0
    with hub.viewer(["r"], None) as again:
        assert again.joined_at == "9-0"


async def test_when_nothing_went_away_it_goes_on(hub, log):
    with hub.viewer(["r"], None) as viewer:
        log.trimmed = "5-0"
        log.batches.put_nowait(ConnectionError("away"))
        log.batches.put_nowait([entry(6)])
        assert (await take(viewer)).startswith(b"id: 6-0\n")


async def test_a_full_queue_lets_the_viewer_go(hub, log, monkeypatch):
    monkeypatch.setattr(hub_module, "QUEUE_FRAMES", 2)
    with hub.viewer(["r"], None) as viewer, hub.viewer(["other"], None) as patient:
        log.batches.put_nowait([entry(6), entry(7), entry(8), entry(9, "other")])
        assert (await take(patient)).startswith(b"id: 9-0\n")
        assert [await take(viewer), await take(viewer)] == [RESYNC, END]
        assert hub.n_viewers == 1


async def test_a_hub_that_breaks_ends_the_server(log, monkeypatch, caplog):
    raised, has_raised = [], asyncio.Event()
    monkeypatch.setattr(signal, "raise_signal", lambda number: (raised.append(number), has_raised.set()))
    hub = Hub(log)
    hub.start()
    await hub.ready()
    log.batches.put_nowait(RuntimeError("a mistake"))
    await asyncio.wait_for(has_raised.wait(), 5)
    assert raised == [signal.SIGTERM]
    assert "the hub broke" in caplog.text


def test_finishing_a_viewer_throws_away_what_waited():
    viewer = Viewer(None, "0-0", None)
    for number in range(5):
        viewer.offer(number + 1, b"x")
    viewer.finish(RESYNC)
    assert [viewer.queue.get_nowait() for _ in range(viewer.queue.qsize())] == [RESYNC, END]


def test_a_frame_is_one_event():
    event = Envelope(
        id="1-0", run="r", attempt=1, source="api", seq=1, time=1.0, kind="log", body=Log(message="a\nb").model_dump()
    )
    content = hub_module.frame(event)
    assert content.startswith(b"id: 1-0\nevent: log\ndata: {")
    assert content.endswith(b"}\n\n")
    assert content.count(b"\n") == 4  # a line feed inside a text is escaped: it would end the line
