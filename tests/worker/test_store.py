"""The worker's Redis module on a real server that also stops, hangs, forgets and fills up."""

import math
import signal
import time
from collections.abc import Iterator
from typing import Any

import pytest

from contract import names
from contract.append import Appended
from contract.components import Catalogue
from contract.events import CommandAsked, Envelope, KnobAsked, to_fields
from contract.runs import WorkerInfo
from tests.worker.saying import RUN, entries, measured, numbers, pictured, said
from worker.store import Store, StoreAway

pytestmark = pytest.mark.stack

ME, OTHER = "1:me", "1:other"


@pytest.fixture
def store(valkey: Any) -> Iterator[Store]:
    store = Store(valkey.url)
    yield store
    store.close()


def put_attempt(valkey: Any, attempt: int) -> None:
    with valkey.client() as client:
        client.set(names.attempt_key(RUN), attempt)


def test_appended_event_is_in_the_log_with_its_blob_and_its_nan(valkey: Any, store: Store) -> None:
    picture, png = pictured(2, b"\x89PNG\x00")
    first, second = store.append(measured(1, math.nan, -math.inf)), store.append(picture, png)
    [(scalars, no_blob), (grid, blob)] = entries(valkey)
    assert (first.status, second.status, first.seq, second.seq) == ("ok", "ok", 1, 2)
    assert (scalars.id, grid.id) == (first.id, second.id)
    assert scalars.body["groups"][0]["values"]["loss.d"] == ["NaN", "-Infinity"]
    assert (no_blob, blob, grid.blob) == (None, png, picture.blob)


def test_events_of_one_call_keep_their_order_and_each_has_its_answer(valkey: Any, store: Store) -> None:
    answers = store.append_many([(said(1), None), (said(2), None), (said(2), None), (said(4), None)])
    assert [(answer.status, answer.seq) for answer in answers] == [("ok", 1), ("ok", 2), ("double", 2), ("gap", 2)]
    assert numbers(valkey) == [1, 2]


def test_nothing_to_append_asks_nobody(valkey: Any, store: Store) -> None:
    valkey.stop()
    assert store.append_many([]) == []


def test_server_that_forgot_the_script_learns_it_again(valkey: Any, store: Store) -> None:
    store.append(said(1))
    with valkey.client() as client:
        client.script_flush()
    assert [answer.status for answer in store.append_many([(said(2), None), (said(3), None)])] == ["ok", "ok"]
    assert numbers(valkey) == [1, 2, 3]


def test_lower_attempt_is_fenced(valkey: Any, store: Store) -> None:
    put_attempt(valkey, 2)
    assert store.append(said(1)) == Appended("fenced", "", 2)
    assert entries(valkey) == []


def test_full_log_says_so(valkey: Any) -> None:
    store = Store(valkey.url, most_entries=1)
    answers = store.append_many([(said(1), None), (said(2), None)])
    store.close()
    assert [answer.status for answer in answers] == ["ok", "full"]


def test_server_without_memory_is_a_full_log(valkey: Any, store: Store) -> None:
    store.append(said(1))
    with valkey.client() as client:
        client.config_set("maxmemory", 1)
        try:
            assert store.append(said(2)) == Appended("full", "", 0)
        finally:
            client.config_set("maxmemory", "256mb")
    assert store.append(said(2)).status == "ok"


def test_stopped_server_is_away_and_the_next_call_finds_it_again(valkey: Any, store: Store) -> None:
    store.append(said(1))
    valkey.stop()
    with pytest.raises(StoreAway, match="Redis is away"):
        store.append(said(2))
    with pytest.raises(StoreAway):
        store.attempt(RUN)
    valkey.start()
    assert store.append(said(2)).status == "ok"


def test_hung_server_is_away_after_a_second(valkey: Any, store: Store) -> None:
    store.append(said(1))
    valkey.signal(signal.SIGSTOP)
    began = time.monotonic()
    try:
        with pytest.raises(StoreAway, match="Timeout"):
            store.append(said(2))
        assert 0.9 < time.monotonic() - began < 2.5
    finally:
        valkey.signal(signal.SIGCONT)


def test_event_whose_answer_was_lost_is_not_doubled(valkey: Any, store: Store) -> None:
    store.append(said(1))
    valkey.signal(signal.SIGSTOP)  # it reads the request once it goes on; nobody waits for the answer any more
    try:
        with pytest.raises(StoreAway):
            store.append(said(2))
    finally:
        valkey.signal(signal.SIGCONT)
    assert store.append(said(2)).status == "double"
    assert numbers(valkey) == [1, 2]


def test_server_that_takes_no_writes_is_away(valkey: Any, store: Store) -> None:
    with valkey.client() as client:
        client.execute_command("REPLICAOF", "127.0.0.1", "1")
        try:
            with pytest.raises(StoreAway):
                store.append(said(1))
            with pytest.raises(StoreAway):
                store.take_lease(RUN, ME, 10_000)
        finally:
            client.execute_command("REPLICAOF", "NO", "ONE")
    assert store.append(said(1)).status == "ok"


def test_wrong_password_is_away_and_says_why(valkey: Any) -> None:
    store = Store(valkey.url.replace(valkey.password, "wrong"))
    with pytest.raises(StoreAway, match="AuthenticationError"):
        store.attempt(RUN)
    store.close()


def ask(valkey: Any, *requests: str) -> None:
    """Requests as the api writes them: the same fields as in the log."""
    for seq, request in enumerate(requests, 1):
        body = CommandAsked(request_id=request, author="page", command="pause")
        event = said(seq, source="api", kind=body.kind, body=body.model_dump())
        with valkey.client() as client:
            client.xadd(names.commands_key(RUN), {"seq": str(seq), **to_fields(event)})


def requests_of(found: list[tuple[str, Envelope]]) -> list[str]:
    bodies = [event.typed() for _, event in found]
    return [body.request_id for body in bodies if isinstance(body, CommandAsked | KnobAsked)]


def test_requests_come_oldest_first_and_only_those_after_the_cursor(valkey: Any, store: Store) -> None:
    assert store.commands(RUN, "0", 0) == []
    ask(valkey, "a", "b")
    found = store.commands(RUN, "0", 0)
    assert requests_of(found) == ["a", "b"]
    assert requests_of(store.commands(RUN, found[0][0], 0)) == ["b"]
    assert store.commands(RUN, found[1][0], 0) == []


def test_waiting_for_a_request_takes_the_time_it_was_given(store: Store) -> None:
    began = time.monotonic()
    assert store.commands(RUN, "0", 200) == []
    assert 0.15 < time.monotonic() - began < 1.0


def test_waiting_longer_than_the_socket_does_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="block_ms is 10001; at most 10000 is allowed"):
        store.commands(RUN, "0", 10_001)


def test_attempt_of_an_unknown_run_is_zero(valkey: Any, store: Store) -> None:
    assert store.attempt(RUN) == 0
    put_attempt(valkey, 3)
    assert store.attempt(RUN) == 3


def test_attempt_has_begun_once_supervisor_or_trainer_has_spoken(store: Store) -> None:
    assert not store.begun(RUN, 1)
    store.append(said(1, source="api"))
    assert not store.begun(RUN, 1)
    store.append(said(1, source="supervisor"))
    store.append(said(1, attempt=2, source="trainer"))
    assert (store.begun(RUN, 1), store.begun(RUN, 2), store.begun(RUN, 3)) == (True, True, False)


def test_skipped_numbers_let_the_next_one_follow_and_never_go_back(valkey: Any, store: Store) -> None:
    store.append(said(1))
    store.skip(RUN, 1, "trainer", 5)
    store.skip(RUN, 1, "trainer", 3)
    assert [store.append(said(5)).status, store.append(said(6)).status] == ["double", "ok"]
    assert numbers(valkey) == [1, 6]


def test_lease_is_taken_once_and_ends_by_itself(valkey: Any, store: Store, until: Any) -> None:
    assert store.take_lease(RUN, ME, 300)
    assert not store.take_lease(RUN, OTHER, 300)
    until(lambda: store.take_lease(RUN, OTHER, 10_000), 2)


def test_held_lease_is_renewed(valkey: Any, store: Store) -> None:
    put_attempt(valkey, 1)
    store.take_lease(RUN, ME, 1000)
    assert store.renew_lease(RUN, 1, ME, 60_000) == "held"
    with valkey.client() as client:
        assert 50_000 < client.pttl(names.lease_key(RUN)) <= 60_000


def test_expired_lease_is_taken_back_while_the_attempt_is_unchanged(valkey: Any, store: Store) -> None:
    put_attempt(valkey, 1)
    assert store.renew_lease(RUN, 1, ME, 10_000) == "retaken"
    assert not store.take_lease(RUN, OTHER, 10_000)


def test_lease_of_another_is_left_alone(valkey: Any, store: Store) -> None:
    put_attempt(valkey, 1)
    store.take_lease(RUN, OTHER, 10_000)
    assert store.renew_lease(RUN, 1, ME, 10_000) == "lost"
    store.release_lease(RUN, ME)
    with valkey.client() as client:
        assert client.get(names.lease_key(RUN)) == OTHER.encode()


@pytest.mark.parametrize("held", [True, False])
def test_raised_attempt_ends_the_lease(valkey: Any, store: Store, held: bool) -> None:
    put_attempt(valkey, 2)
    if held:
        store.take_lease(RUN, ME, 1000)
    assert store.renew_lease(RUN, 1, ME, 60_000) == "lost"
    with valkey.client() as client:
        assert client.pttl(names.lease_key(RUN)) <= 1000


def test_released_lease_is_free(store: Store) -> None:
    store.take_lease(RUN, ME, 10_000)
    store.release_lease(RUN, ME)
    assert store.take_lease(RUN, OTHER, 10_000)


def test_catalogue_is_announced_for_good(valkey: Any, store: Store) -> None:
    assert not store.announced()
    store.announce(Catalogue(version="7", components=[]))
    assert store.announced()
    with valkey.client() as client:
        assert Catalogue.model_validate_json(client.get(names.CATALOGUE)).version == "7"
        assert client.pttl(names.CATALOGUE) == -1


def test_heartbeat_expires_and_a_farewell_ends_it_at_once(valkey: Any, store: Store) -> None:
    numbers = {"pid": 1, "memory_bytes": 2, "memory_total_bytes": 3, "started_at": 4.0, "seen_at": 5.0}
    worker = WorkerInfo(name="celery@here", host="here", version="7", slots=[], **numbers)  # type: ignore[arg-type]
    store.heartbeat(worker, 10)
    key = f"{names.WORKERS}celery@here"
    with valkey.client() as client:
        assert WorkerInfo.model_validate_json(client.get(key)) == worker
        assert 9_000 < client.pttl(key) <= 10_000
        store.farewell("celery@here")
        assert client.exists(key) == 0
