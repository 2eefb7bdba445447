"""The live stream: no gap, no double, whoever joins when; and it ends when one side goes."""

import http.client
import json
import random
import socket
import threading
import time
import urllib.parse
from contextlib import contextmanager, suppress

import pytest

from api import hub, stream
from api.main import create_app
from api.recorder import loop
from api.server import Server
from contract import names
from contract.events import Envelope, Log, ScalarGroup, Scalars

pytestmark = pytest.mark.stack
TOKEN = "a-token-for-tests-only"
DEADLINE_S = 30


class Listener:
    """Reads one stream in a thread, until it has an id, is closed, or the stream ends."""

    def __init__(self, url, *, until_id=None, headers=None, **query):
        self.frames = []
        self.comments = []
        self.ended = threading.Event()
        self.headers = {}
        self._until = until_id
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=DEADLINE_S)
        sent = {"Authorization": f"Bearer {TOKEN}", **(headers or {})}
        self._connection.request("GET", f"/api/v1/events?{urllib.parse.urlencode(query)}", headers=sent)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @property
    def ids(self):
        return [frame["id"] for frame in self.frames if frame["event"] not in ("reset", "resync")]

    @property
    def kinds(self):
        return [frame["event"] for frame in self.frames]

    def wait(self):
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), f"still listening after {len(self.frames)} frames"
        return self

    def close(self):
        if self._connection.sock is not None:
            with suppress(OSError):
                self._connection.sock.shutdown(socket.SHUT_RDWR)
        self.wait()

    def _listen(self):
        with suppress(OSError, http.client.HTTPException), self._connection.getresponse() as response:
            self.headers = response.headers
            self._read(response)
        self._connection.close()
        self.ended.set()

    def _read(self, response):
        buffer = b""
        while part := response.read1(1 << 20):
            buffer += part
            *blocks, buffer = buffer.split(b"\n\n")
            for block in blocks:
                self._take(block.decode())
            if self._until and self.ids and self.ids[-1] == self._until:
                return

    def _take(self, block):
        if block.startswith(":"):
            self.comments.append(block)
            return
        frame = {"id": None, **dict(line.split(": ", 1) for line in block.split("\n"))}
        self.frames.append(frame)


@contextmanager
def listening(until, *args, **more):
    """A listener that has joined before the block begins."""
    listener = Listener(*args, **more)
    until(lambda: listener.comments)
    yield listener
    listener.close()


def in_log(stack, run, after="0-0"):
    entries = stack.redis.xrange(names.EVENTS, f"({after}")
    return [entry_id.decode() for entry_id, fields in entries if fields[b"run"] == run.encode()]


def test_what_is_sent_is_the_event(stack, until):
    run, trainer = stack.training()
    after = stack.cursor()
    body = Scalars(groups=[ScalarGroup(steps=[1, 2], values={"x": [float("nan"), float("-inf")]})])
    last = trainer.say(body, 2)
    (frame,) = Listener(stack.url, runs=run.id, after=after, until_id=last).wait().frames
    event = Envelope.model_validate(json.loads(frame["data"]))
    assert (frame["id"], frame["event"], event.id, event.step) == (last, "scalars", last, 2)
    assert event.typed().model_dump_json() == body.model_dump_json()
    assert '"NaN"' in frame["data"]


def test_joining_while_events_come_misses_none_and_doubles_none(server, start_recorder, until, monkeypatch):
    monkeypatch.setattr(loop, "KEPT_ENTRIES", 150)
    monkeypatch.setattr(loop, "TRIM_EVERY", 20)
    start_recorder()
    draw = random.Random(0)
    run, other = server.create(), server.create()
    trainer, noise = server.puppet(run.id), server.puppet(other.id)
    said = [in_log(server, run.id)[0]]
    listeners = []
    for number in range(900):
        said.append(trainer.say(Log(message=str(number))))
        if draw.random() < 0.3:
            noise.say(Log(message="noise"))
        if number % 25 == 24:
            after = draw.choice(said)
            listeners.append((after, Listener(server.url, runs=run.id, after=after)))
    last = trainer.say(Log(message="last"))
    said.append(last)
    for after, listener in listeners:
        until(lambda listener=listener: listener.ids and listener.ids[-1] == last, DEADLINE_S)
        assert listener.ids == said[said.index(after) + 1 :]
    assert len(in_log(server, run.id)) < len(said) - 100  # the older ones came from SQL
    for _, listener in listeners:
        listener.close()


def test_without_a_cursor_it_begins_now(stack, until):
    run, trainer = stack.training()
    with listening(until, stack.url, runs=run.id) as listener:
        until(lambda: viewers(stack) == 1)
        event = trainer.say(Log(message="now"))
        until(lambda: listener.ids == [event])


def viewers(stack):
    text = stack.http.get("/metrics").text
    return next(int(line.split()[-1]) for line in text.splitlines() if line.startswith("modescope_viewers"))


def test_last_event_id_wins_over_after(stack, until):
    run, trainer = stack.training()
    ids = [trainer.say(Log(message=str(number))) for number in range(6)]
    headers = {"Last-Event-ID": ids[2]}
    listener = Listener(stack.url, runs=run.id, after=ids[0], headers=headers, until_id=ids[-1]).wait()
    assert listener.ids == ids[3:]


def test_only_the_runs_that_were_asked_for(stack, until):
    (a, in_a), (b, in_b), (_, in_c) = (stack.training() for _ in range(3))
    after = stack.cursor()
    ids = [puppet.say(Log(message="x")) for puppet in (in_a, in_c, in_b, in_c, in_a)]
    some = Listener(stack.url, runs=f"{a.id},{b.id}", after=after, until_id=ids[4]).wait()
    everything = Listener(stack.url, after=after, until_id=ids[4]).wait()
    assert some.ids == [ids[0], ids[2], ids[4]]
    assert everything.ids == ids


def test_too_much_missed_is_a_reset_that_goes_on_from_what_sql_has(stack, until, monkeypatch):
    monkeypatch.setattr(stream, "MOST_REPLAYED", 50)
    run, trainer = stack.training()
    start = stack.cursor()
    for number in range(60):
        last = trainer.say(Log(message=str(number)))
    stack.recorded(last)
    with listening(until, stack.url, runs=run.id, after=start) as listener:
        until(lambda: listener.frames)
        assert (listener.kinds, listener.frames[0]["id"]) == (["reset"], last)
        event = trainer.say(Log(message="more"))
        until(lambda: listener.ids == [event])


def test_a_reset_leaves_no_gap_behind_a_slow_recorder(server, start_recorder, until, monkeypatch):
    monkeypatch.setattr(stream, "MOST_REPLAYED", 50)
    recorder = start_recorder()
    run = server.create()
    trainer = server.puppet(run.id)
    for number in range(60):
        recorded = trainer.say(Log(message=str(number)))
    server.recorded(recorded)
    recorder.stop()
    unrecorded = [trainer.say(Log(message=str(number))) for number in range(60)]
    listener = Listener(server.url, runs=run.id, after="1-0", until_id=unrecorded[-1]).wait()
    assert listener.frames[0]["id"] == recorded
    assert listener.ids == unrecorded


def test_a_cursor_from_nowhere_is_a_reset(stack, until):
    run, trainer = stack.training()
    with listening(until, stack.url, runs=run.id, after="8000000000000-0") as listener:
        until(lambda: listener.kinds == ["reset"])
        event = trainer.say(Log(message="more"))
        until(lambda: listener.ids == [event])


def test_a_cursor_ahead_of_the_hub_doubles_nothing():
    """SQL may have told a viewer more than the hub has read."""
    joining = hub.Viewer(["r"], "5-0", "7-0")
    for event_id in ("6-0", "7-0", "8-0"):
        joining.offer(hub.position_of(event_id), event_id.encode())
    assert joining.queue.get_nowait() == b"8-0"
    assert joining.queue.empty()


def test_a_viewer_that_does_not_read_is_told_to_resync_and_then_misses_nothing(stack, until, monkeypatch):
    monkeypatch.setattr(hub, "QUEUE_FRAMES", 16)
    run, trainer = stack.training()
    start = stack.cursor()
    host, port = stack.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port))) as lazy:
        path = f"/api/v1/events?runs={run.id}&after={start}"
        headers = f"Host: {host}\r\nAuthorization: Bearer {TOKEN}\r\nConnection: close\r\n"
        lazy.sendall(f"GET {path} HTTP/1.1\r\n{headers}\r\n".encode())
        until(lambda: viewers(stack) == 1)
        said = []
        deadline = time.monotonic() + DEADLINE_S
        while viewers(stack) == 1:
            assert time.monotonic() < deadline
            said += [trainer.say(Log(message="x" * 50_000)) for _ in range(20)]
        lazy.settimeout(DEADLINE_S)
        text = b"".join(iter(lambda: lazy.recv(1 << 20), b""))
    assert b"event: resync\ndata: {}\n\n" in text[-200:]
    got = [line[4:].strip().decode() for line in text.split(b"\n") if line.startswith(b"id: ")]
    assert got == said[: len(got)]
    again = Listener(stack.url, runs=run.id, after=got[-1] if got else start, until_id=said[-1])
    until(lambda: again.ids and again.ids[-1] == said[-1], DEADLINE_S)
    assert got + again.ids == said


def test_an_idle_viewer_that_goes_is_noticed_at_once(stack, until):
    stack.training()
    with listening(until, stack.url):
        until(lambda: viewers(stack) == 1)
    until(lambda: viewers(stack) == 0, 5)  # long before the next ping


def test_redis_away_and_back_leaves_no_gap(stack, valkey, until):
    run, trainer = stack.training()
    before = trainer.say(Log(message="before"))
    with listening(until, stack.url, runs=run.id, after=before) as listener:
        until(lambda: viewers(stack) == 1)
        valkey.restart()
        ids = [trainer.say(Log(message=str(number))) for number in range(5)]
        until(lambda: listener.ids == ids)


def test_a_server_that_stops_ends_its_streams_in_order(server, start_recorder, until, settings):
    second = Server(create_app(settings), settings)
    thread = threading.Thread(target=second.run, daemon=True)
    thread.start()
    until(lambda: second.started)
    url = f"http://127.0.0.1:{second.servers[0].sockets[0].getsockname()[1]}"
    listener = Listener(url)
    until(lambda: listener.comments)
    stopped_at = time.monotonic()
    second.should_exit = True
    thread.join(DEADLINE_S)
    assert time.monotonic() - stopped_at < 2.5  # the grace is 3 s: the streams did not use it up
    assert listener.ended.wait(5)


def test_the_stream_is_neither_compressed_nor_kept(stack, until):
    with listening(until, stack.url, headers={"Accept-Encoding": "gzip"}) as listener:
        assert listener.headers["content-type"].startswith("text/event-stream")
        assert "content-encoding" not in listener.headers
        assert listener.headers["cache-control"] == "no-store"
        assert listener.headers["x-accel-buffering"] == "no"


def test_what_is_no_cursor_is_refused(server):
    for query, headers in (({"after": "x"}, {}), ({}, {"Last-Event-ID": "1-2-3"})):
        answer = server.http.get("/events", params=query, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")


def test_pings_keep_the_connection_open(stack, until, monkeypatch):
    monkeypatch.setattr(stream.Joining, "ping_s", 0.05)
    monkeypatch.setattr(stream.Joining.__init__, "__defaults__", (0.05,))
    with listening(until, stack.url) as listener:
        until(lambda: len(listener.comments) >= 4)


def test_an_entry_that_cannot_be_read_is_passed_over(stack, until, caplog):
    run, trainer = stack.training()
    with listening(until, stack.url, runs=run.id) as listener:
        until(lambda: viewers(stack) == 1)
        stack.redis.xadd(names.EVENTS, {"run": run.id, "v": "99"})
        event = trainer.say(Log(message="after"))
        until(lambda: listener.ids == [event])
    assert "cannot be read and is not streamed" in caplog.text
