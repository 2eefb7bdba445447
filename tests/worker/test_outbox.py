"""Everything arrives, in order and once, whatever happens to the server."""

import logging
import math
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from contract import names
from tests.worker.saying import RUN, entries, measured, numbers, pictured, said
from worker import outbox as module
from worker.outbox import Fenced, Outbox, replay_leftovers
from worker.spool import Spool, spool_path
from worker.store import Item, Store, StoreAway

pytestmark = pytest.mark.stack


@pytest.fixture
def store(valkey: Any) -> Iterator[Store]:
    store = Store(valkey.url)
    yield store
    store.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return spool_path(tmp_path, RUN, 1, "trainer")


@pytest.fixture
def outbox(store: Store, path: Path) -> Iterator[Outbox]:
    outbox = Outbox(store, path)
    yield outbox
    outbox.close()


def items(*numbers: int) -> list[Item]:
    return [(said(number), None) for number in numbers]


def raise_attempt(valkey: Any, attempt: int) -> None:
    with valkey.client() as client:
        client.set(names.attempt_key(RUN), attempt)


def test_events_go_straight_into_the_log_and_no_file_is_made(valkey: Any, outbox: Outbox, path: Path) -> None:
    outbox(items(1, 2))
    outbox([pictured(3, b"\x89PNG")])
    assert numbers(valkey) == [1, 2, 3]
    assert entries(valkey)[2][1] == b"\x89PNG"
    assert not path.exists()


def test_same_batch_sent_again_after_a_lost_reply_is_not_doubled(valkey: Any, store: Store, path: Path) -> None:
    class LosesReplies(Store):
        """Appends, and then behaves as if the answer had been lost on its way."""

        def append_many(self, items: Any) -> Any:
            answers = super().append_many(items)
            if not lost:
                lost.append(True)
                raise StoreAway(ConnectionResetError("reply lost"))
            return answers

    lost: list[bool] = []
    with Outbox(LosesReplies(valkey.url), path) as outbox:
        outbox([*items(1, 2), (measured(3, math.nan), None)])
        assert path.stat().st_size > 0
        assert outbox.flush(5)
    assert numbers(valkey) == [1, 2, 3]
    assert not path.exists()


def test_server_stopped_and_started_again_gets_everything_in_order_once(
    valkey: Any, outbox: Outbox, path: Path
) -> None:
    outbox(items(1, 2))
    valkey.stop()
    for number in range(3, 40):
        outbox([pictured(number, bytes([number]))])
    assert path.stat().st_size > 0
    valkey.start()
    assert outbox.flush(10)
    outbox(items(40))
    assert numbers(valkey) == list(range(1, 41))
    assert entries(valkey)[10][1] == bytes([11])


def test_waiting_events_go_without_new_ones(valkey: Any, outbox: Outbox, path: Path, until: Any) -> None:
    valkey.stop()
    outbox(items(1))
    valkey.start()

    def delivered() -> bool:
        outbox(())
        return numbers(valkey) == [1]

    until(delivered, 5)
    assert path.stat().st_size == 0


def test_events_that_come_while_others_wait_stay_behind_them(
    valkey: Any, store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_PAUSE_S", 0.0)
    with Outbox(store, path) as outbox:
        valkey.stop()
        outbox(items(1, 2))
        valkey.start()
        outbox(items(3))
        assert numbers(valkey) == [1, 2, 3]


def test_hung_server_costs_a_call_about_a_second_and_most_calls_nothing(valkey: Any, outbox: Outbox) -> None:
    outbox(items(1))
    valkey.signal(signal.SIGSTOP)
    try:
        took = []
        for number in range(2, 30):
            began = time.monotonic()
            outbox(items(number))
            took.append(time.monotonic() - began)
    finally:
        valkey.signal(signal.SIGCONT)
    assert max(took) < 2.5
    assert sum(duration < 0.1 for duration in took) >= 24
    assert outbox.flush(5)
    assert numbers(valkey) == list(range(1, 30))


def test_server_killed_while_events_stream_loses_and_doubles_none(valkey: Any, outbox: Outbox) -> None:
    for number in range(1, 200):
        if number == 60:
            valkey.kill()
        if number == 120:
            valkey.start()
        outbox(items(number))
    assert outbox.flush(10)
    assert numbers(valkey) == list(range(1, 200))


def test_full_log_makes_events_wait_until_there_is_room(valkey: Any, path: Path) -> None:
    with Outbox(Store(valkey.url, most_entries=3), path) as outbox:
        outbox(items(1, 2, 3, 4, 5))
        assert numbers(valkey) == [1, 2, 3]
        assert [item[0].seq for item, _ in outbox._spool.peek(9, 9999)] == [4, 5]
        with valkey.client() as client:
            client.xtrim(names.EVENTS, maxlen=2, approximate=False)
            assert not outbox.flush(0.1)
            assert numbers(valkey) == [2, 3, 4]
            client.xtrim(names.EVENTS, maxlen=1, approximate=False)
        assert outbox.flush(5)
    assert numbers(valkey) == [4, 5]


def test_higher_attempt_ends_the_writer_and_nothing_of_it_is_kept(valkey: Any, outbox: Outbox, path: Path) -> None:
    outbox(items(1))
    raise_attempt(valkey, 2)
    with pytest.raises(Fenced, match="attempt 1 of run f00d is over: 2 is in force"):
        outbox(items(2))
    assert numbers(valkey) == [1]
    assert not path.exists()


def test_writer_that_was_fenced_while_away_hears_it_when_it_replays(valkey: Any, outbox: Outbox, path: Path) -> None:
    valkey.stop()
    outbox(items(1, 2))
    valkey.start()
    raise_attempt(valkey, 2)
    with pytest.raises(Fenced):
        outbox.flush(5)
    assert entries(valkey) == []
    assert not path.exists()


def forget_after(valkey: Any, last: int) -> None:
    """What a server does that comes back without its last second."""
    with valkey.client() as client:
        for entry_id, fields in client.xrange(names.EVENTS):
            if int(fields[b"seq"]) > last:
                client.xdel(names.EVENTS, entry_id)
        client.hset(names.sequence_key(RUN), "1:trainer", last)


def test_server_that_forgot_its_last_second_is_told_again(valkey: Any, outbox: Outbox) -> None:
    outbox(items(1, 2, 3))
    outbox([pictured(4, b"png")])
    forget_after(valkey, 1)
    outbox(items(5))
    assert numbers(valkey) == [1, 2, 3, 4, 5]
    assert entries(valkey)[3][1] == b"png"


def test_what_was_delivered_long_ago_takes_no_memory(
    monkeypatch: pytest.MonkeyPatch, valkey: Any, outbox: Outbox
) -> None:
    moment = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: moment)
    outbox(items(*range(1, 101)))
    moment += module.WINDOW_S + 1
    outbox(items(101, 102))
    assert [event.seq for (event, _), _, _ in outbox._window] == [101, 102]
    assert numbers(valkey) == list(range(1, 103))


def test_server_that_forgot_more_than_is_remembered_goes_on_and_says_what_is_gone(
    valkey: Any, outbox: Outbox, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WINDOW_BYTES", 500)  # two events or so
    outbox(items(1, 2, 3, 4, 5, 6))
    forget_after(valkey, 1)
    outbox(items(7))
    outbox(items(8))
    assert numbers(valkey)[0] == 1
    assert numbers(valkey)[-3:] == [6, 7, 8]
    first_gone, last_gone = 2, numbers(valkey)[1] - 1
    assert f"events {first_gone} to {last_gone} of run f00d (trainer) are gone" in caplog.text


def test_server_that_lost_everything_takes_events_again(valkey: Any, outbox: Outbox) -> None:
    outbox(items(1, 2, 3))
    valkey.flush()
    outbox(items(4))
    assert numbers(valkey) == [1, 2, 3, 4]


@pytest.mark.parametrize("wrong", [(1, 3), (2, 2), (0,)])
def test_number_that_does_not_follow_is_refused_and_nothing_is_taken(
    valkey: Any, outbox: Outbox, wrong: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="an outbox needs them gapless, from 1"):
        outbox(items(*wrong))
    assert entries(valkey) == []
    outbox(items(1))
    with pytest.raises(ValueError, match="event number 3 after 1"):
        outbox(items(3))
    assert numbers(valkey) == [1]


def test_full_spool_gives_up_measurements_keeps_the_rest_and_says_so_in_the_log(
    valkey: Any, store: Store, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Outbox(store, path, most_spool_bytes=600) as outbox:
        valkey.stop()
        outbox(items(1, 2))
        outbox([(measured(number, 0.5), None) for number in range(3, 8)])
        outbox(items(8))
        outbox([(measured(9, 0.5), None)])
        valkey.start()
        assert outbox.flush(5)
        outbox([(measured(10, 0.25), None)])
        given_up = outbox.given_up
    log = [event for event, _ in entries(valkey)]
    kept = [event.seq for event in log if event.kind == "scalars"]
    confessions = [event for event in log if event.body.get("level") == "error"]
    assert kept[-1] == 10
    assert [event.seq for event in log if event.body.get("level") == "info"] == [1, 2, 8]
    assert [event.seq for event in confessions] == [7, 9]
    assert confessions[0].body["message"].startswith(f"{8 - 3 - len(kept[:-1])} events with measurements up to step 70")
    assert confessions[1].body["message"].startswith("1 events with measurements up to step 90")
    assert given_up == 7 - 1 - len(kept[:-1])
    assert numbers(valkey) == sorted(set(numbers(valkey)))
    assert caplog.text.count("its bound is 600") == 1


def test_full_disk_does_not_stop_the_run(valkey: Any, outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    valkey.stop()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        outbox([*items(1), (measured(2, 1.0), None), (measured(3, 1.0), None)])
    outbox(items(4))
    valkey.start()
    assert outbox.flush(5)
    assert [(event.seq, event.kind) for event, _ in entries(valkey)] == [(1, "log"), (3, "log"), (4, "log")]
    outbox(items(5))
    assert numbers(valkey) == [1, 3, 4, 5]


def test_second_outage_after_a_full_disk_is_an_outage_like_any_other(valkey: Any, store: Store, path: Path) -> None:
    with Outbox(store, path, most_spool_bytes=1) as outbox:
        for began in (1, 3):
            valkey.stop()
            outbox([(measured(began, 1.0), None), (measured(began + 1, 1.0), None)])
            valkey.start()
            assert outbox.flush(5)
    log = [(event.seq, event.body["message"].split(":")[0]) for event, _ in entries(valkey)]
    assert log == [
        (2, "2 events with measurements up to step 20 were given up"),
        (4, "2 events with measurements up to step 40 were given up"),
    ]


def test_flush_gives_up_after_its_time_and_what_waits_stays_on_disk(valkey: Any, store: Store, path: Path) -> None:
    valkey.stop()
    began = time.monotonic()
    with Outbox(store, path) as outbox:
        outbox(items(1))
        assert not outbox.flush(0.3)
    assert 0.3 <= time.monotonic() - began < 2
    assert path.stat().st_size > 0


def test_leftovers_of_ended_processes_are_delivered_and_removed(valkey: Any, store: Store, tmp_path: Path) -> None:
    for source, events in (("supervisor", [said(1, source="supervisor")]), ("trainer", [said(1), said(2)])):
        spool = Spool(spool_path(tmp_path, RUN, 1, source), most_bytes=9999)
        spool.append([(event, None) for event in events])
        spool.close()
    replay_leftovers(store, tmp_path, 5)
    assert [(event.source, event.seq) for event, _ in entries(valkey)] == [
        ("trainer", 1),
        ("trainer", 2),
        ("supervisor", 1),
    ]
    assert list(tmp_path.iterdir()) == []


def test_leftovers_that_had_arrived_already_are_not_doubled(valkey: Any, store: Store, path: Path) -> None:
    store.append_many(items(1, 2))
    spool = Spool(path, most_bytes=9999)
    spool.append(items(1, 2, 3))
    spool.close()
    replay_leftovers(store, path.parent, 5)
    assert numbers(valkey) == [1, 2, 3]


def test_spool_of_a_living_process_is_left_to_it(valkey: Any, store: Store, path: Path) -> None:
    spool = Spool(path, most_bytes=9999)
    spool.append(items(1))
    replay_leftovers(store, path.parent, 5)
    assert entries(valkey) == []
    assert path.exists()
    spool.close()


def test_leftovers_of_a_superseded_attempt_are_dropped(valkey: Any, store: Store, path: Path) -> None:
    spool = Spool(path, most_bytes=9999)
    spool.append(items(1))
    spool.close()
    raise_attempt(valkey, 2)
    replay_leftovers(store, path.parent, 5)
    assert entries(valkey) == []
    assert not path.exists()


def test_leftover_that_cannot_be_read_is_put_aside_and_the_others_go_on(
    valkey: Any, store: Store, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, sound = spool_path(tmp_path, "f00e", 1, "trainer"), spool_path(tmp_path, RUN, 1, "trainer")
    spool = Spool(broken, most_bytes=9999)
    spool.append([(said(1).model_copy(update={"source": "nobody"}), None)])  # as another version may have written it
    spool.close()
    spool = Spool(sound, most_bytes=9999)
    spool.append(items(1))
    spool.close()
    replay_leftovers(store, tmp_path, 5)
    assert numbers(valkey) == [1]
    assert [file.name for file in tmp_path.iterdir()] == ["f00e-1.spool.unreadable"]
    assert "cannot be read" in caplog.text


def test_leftovers_wait_for_the_server(valkey: Any, store: Store, path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    spool = Spool(path, most_bytes=9999)
    spool.append(items(1))
    spool.close()
    valkey.stop()
    replay_leftovers(store, path.parent, 0.2)
    assert path.stat().st_size > 0
    valkey.start()
    replay_leftovers(store, path.parent, 5)
    assert numbers(valkey) == [1]


def test_server_that_stays_away_is_asked_less_and_less_often(valkey: Any, path: Path) -> None:
    class Away(Store):
        tries = 0

        def append_many(self, items: Any) -> Any:
            self.tries += 1
            raise StoreAway(ConnectionRefusedError("no"))

    store = Away(valkey.url)
    with Outbox(store, path) as outbox:
        outbox(items(1))
        began = time.monotonic()
        while time.monotonic() - began < 1.0:
            outbox(())
    assert store.tries in (4, 5)  # at 0, 0.1, 0.3, 0.7 s; the next would be at 1.5 s
