"""The client against a scripted server: what it sends, what it makes of the answers, how it survives breaks."""

import json
import math

import httpx
import pytest

from contract.events import RunStatus
from modescope import connection
from modescope.client import Client
from modescope.connection import NotReachable, ServerError, StreamReset
from tests.modescope.scripted import RUN, frame, stream


def test_launch_sends_recipe_overrides_and_a_key_that_makes_a_retry_harmless(client_of):
    client, server = client_of(httpx.Response(201, json=RUN), author="ada")
    run = client.launch("ring-collapse", {"steps": 10}, name="mine")
    (request,) = server.requests
    assert (request.method, request.url) == ("POST", "http://host:1/api/v1/runs")
    assert json.loads(request.content) == {"recipe": "ring-collapse", "overrides": {"steps": 10}, "name": "mine"}
    assert request.headers["Authorization"] == "Bearer secret"
    assert request.headers["X-Modescope-Author"] == "ada"
    assert len(request.headers["Idempotency-Key"]) == 32
    assert (run.id, run.cursor) == ("a1b2", "5-0")


def test_whole_spec_is_sent_as_it_is(client_of):
    client, server = client_of(httpx.Response(201, json=RUN))
    client.launch(spec={"dataset": {"name": "ring"}})
    assert json.loads(server.requests[0].content) == {"spec": {"dataset": {"name": "ring"}}}


def test_list_is_read_page_after_page_and_no_further_than_asked(client_of):
    first = httpx.Response(200, json={"items": [RUN, {**RUN, "id": "2"}], "next": "c1"})
    client, server = client_of(first, httpx.Response(200, json={"items": [{**RUN, "id": "3"}], "next": "c2"}))
    assert [run.id for run in client.runs(status="running", limit=3)] == ["a1b2", "2", "3"]
    assert [dict(request.url.params) for request in server.requests] == [
        {"limit": "3", "status": "running"},
        {"limit": "3", "status": "running", "after": "c1"},
    ]


def test_knobs_travel_with_their_types(client_of):
    client, server = client_of(httpx.Response(202, json={"request_id": "r", "asked_at": 1.0}))
    assert client.set("a1b2", {"auxiliary.weight": 0, "x.on": True}, reason="why").request_id == "r"
    assert server.requests[0].content == b'{"auxiliary.weight":0,"x.on":true}'
    assert server.requests[0].headers["X-Modescope-Reason"] == "why"


def test_non_finite_numbers_of_a_series_arrive(client_of):
    series = {
        "name": "loss.d", "bucket_steps": 1, "steps": [1, 2], "min": ["NaN", 1], "max": ["NaN", 1],
        "last": ["Infinity", "-Infinity"], "nonfinite": [1, 1], "cursor": "1-0",
    }  # fmt: skip
    client, server = client_of(httpx.Response(200, json=series))
    answer = client.scalars("a1b2", "loss.d", first=10)
    assert math.isnan(answer.min[0])
    assert answer.last == [math.inf, -math.inf]
    assert dict(server.requests[0].url.params) == {"from": "10", "buckets": "1000"}


def test_problem_document_becomes_an_error_with_every_part(client_of):
    problem = {
        "title": "Invalid", "status": 422, "detail": "the spec cannot run", "code": "invalid-spec",
        "errors": [{"where": "network.width", "message": "must be at least 1; got 0"}],
    }  # fmt: skip
    client, _ = client_of(httpx.Response(422, json=problem))
    with pytest.raises(ServerError) as refused:
        client.launch("x")
    assert str(refused.value) == "the spec cannot run\n  network.width: must be at least 1; got 0"
    assert refused.value.problem.code == "invalid-spec"


def test_problem_that_repeats_its_parts_is_said_once(client_of):
    problem = {
        "title": "Invalid", "status": 422, "detail": "network.width: must be at least 1; got 0", "code": "invalid-spec",
        "errors": [{"where": "network.width", "message": "must be at least 1; got 0"}],
    }  # fmt: skip
    client, _ = client_of(httpx.Response(422, json=problem))
    with pytest.raises(ServerError) as refused:
        client.launch("x")
    assert str(refused.value) == "network.width: must be at least 1; got 0"


def test_answer_of_a_proxy_is_shown_as_it_came(client_of):
    client, _ = client_of(httpx.Response(502, text="<html>Bad gateway</html>"))
    with pytest.raises(ServerError, match="502 Bad Gateway: <html>Bad gateway"):
        client.run("a1b2")


def test_absent_server_is_named_with_what_to_do(client_of):
    client, _ = client_of(httpx.ConnectError("refused"))
    with pytest.raises(NotReachable, match=r"no server answers at http://host:1 .*modescope up"):
        client.run("a1b2")


def test_stream_yields_typed_events_with_non_finite_numbers(client_of):
    client, server = client_of(stream(b": ping\n\n", frame(6), frame(7)))
    events = client.stream("a1b2", "c3d4", after="5-0")
    first = next(events)
    assert math.isnan(first.typed().groups[0].values["loss.d"][0])
    assert next(events).id == "7-0"
    assert dict(server.requests[0].url.params) == {"runs": "a1b2,c3d4", "after": "5-0"}
    assert server.requests[0].headers["Last-Event-ID"] == "5-0"


@pytest.mark.parametrize(
    "break_", [httpx.ReadError("reset"), httpx.RemoteProtocolError("incomplete"), httpx.ReadTimeout("silent"), None]
)
def test_broken_stream_goes_on_after_the_last_event_without_gap_or_double(client_of, break_):
    half = frame(8)[:20]
    client, server = client_of(
        stream(frame(6), frame(7), half, error=break_),
        httpx.ConnectError("server restarts"),
        stream(frame(8), frame(9)),
    )
    events = client.stream("a1b2", after="5-0")
    assert [next(events).seq for _ in range(4)] == [6, 7, 8, 9]
    assert [request.headers["Last-Event-ID"] for request in server.requests] == ["5-0", "7-0", "7-0"]


def test_viewer_that_fell_behind_takes_a_new_connection(client_of):
    client, _ = client_of(stream(frame(6), b"event: resync\ndata: {}\n\n", frame(9)), stream(frame(7)))
    events = client.stream("a1b2", after="5-0")
    assert [next(events).seq for _ in range(2)] == [6, 7]


def test_reset_is_said_and_not_papered_over(client_of):
    client, _ = client_of(stream(b"event: reset\ndata: {}\n\n"))
    with pytest.raises(StreamReset, match="after 5-0"):
        next(client.stream("a1b2", after="5-0"))


def test_stream_gives_up_when_the_server_stays_away(client_of, monkeypatch):
    monkeypatch.setattr(connection, "PATIENCE_S", 0.0)
    client, _ = client_of(httpx.ConnectError("refused"))
    with pytest.raises(NotReachable):
        next(client.stream("a1b2", after="5-0"))


def test_stream_ends_when_its_time_is_over(client_of):
    client, server = client_of(stream(error=httpx.ReadTimeout("silent")), lambda _: stream())
    assert list(client.stream("a1b2", after="5-0", within_s=0.05)) == []
    assert server.requests


def test_refused_stream_is_an_error_and_not_tried_again(client_of):
    problem = {"title": "Unauthorized", "status": 401, "detail": "the token is wrong", "code": "not-signed-in"}
    client, server = client_of(httpx.Response(401, json=problem))
    with pytest.raises(ServerError, match="the token is wrong"):
        next(client.stream("a1b2"))
    assert len(server.requests) == 1


def test_server_and_token_are_found_in_the_data_folder(monkeypatch, tmp_path):
    for variable in ("URL", "TOKEN"):
        monkeypatch.delenv(f"MODESCOPE_{variable}", raising=False)
    monkeypatch.setenv("MODESCOPE_DATA", str(tmp_path))
    (tmp_path / "token").write_text("kept\n")
    (tmp_path / "lock").write_text('{"pid": 1, "url": "http://127.0.0.1:8123", "since": 1.0}')
    with Client.find() as client:
        assert client._connection.url == "http://127.0.0.1:8123"
        assert client._connection._http.headers["Authorization"] == "Bearer kept"
    monkeypatch.setenv("MODESCOPE_URL", "http://far:80/")
    monkeypatch.setenv("MODESCOPE_TOKEN", "given")
    with Client.find() as client:
        assert client._connection.url == "http://far:80"
        assert client._connection._http.headers["Authorization"] == "Bearer given"


def test_status_bodies_are_typed(client_of):
    client, _ = client_of(stream(frame(6, RunStatus(status="finished"))))
    assert next(client.stream("a1b2")).typed() == RunStatus(status="finished")
