"""Values that one database takes and the other refuses, or that fit neither: kept, or refused in words."""

import pytest

from api.tables import LedgerRow
from contract.events import CommandAsked, KnobAsked, KnobRequest, Log, RunStatus, ScalarGroup, Scalars

pytestmark = pytest.mark.databases("sqlite", "postgresql")

BEYOND = 2**70
"""More than SQL's 64 bits."""


def test_a_nul_in_a_label_is_kept_as_its_picture(server):
    run = server.create()
    answer = server.http.patch(f"/runs/{run.id}", json={"notes": "a\0b"})
    assert answer.status_code == 200, answer.text
    assert server.run(run.id).notes == "a␀b"


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/runs/a%00b", 404),
        ("/runs/{id}/series/a%00b", 404),
        ("/runs/{id}/series/a%00b/1", 404),
        ("/runs?after=1_a%00", 422),
    ],
)
def test_a_nul_in_an_address_finds_nothing(server, path, status):
    run = server.create()
    answer = server.http.get(path.replace("{id}", run.id))
    assert answer.status_code == status, answer.text


def test_a_failure_with_a_nul_in_its_words_is_recorded(desk, tape):
    desk.add_run("r")
    desk.add_run("other")
    tape.say("r", RunStatus(status="failed", reason="a\0b", traceback="c\0d"), 1)
    tape.say("other", CommandAsked(request_id="q", author="a\0", reason="why\0", command="stop"), 1, source="api")
    desk.record(tape.take())
    row = desk.row("r")
    assert (row.status, row.reason, row.traceback) == ("failed", "a␀b", "c␀d")
    with desk.database.read() as session:
        asked = session.get(LedgerRow, ("q", "stop"))
    assert (asked.author, asked.reason) == ("a␀", "why␀")


def test_a_name_too_long_for_an_index_stops_nobody(desk, tape):
    desk.add_run("r")
    name = "".join(chr(0x4E00 + number % 20_000) for number in range(30_000))  # long, and not to be compressed
    tape.say("r", Scalars(groups=[ScalarGroup(steps=[1], values={name: [1.0]})]), 1)
    tape.say("r", KnobAsked(request_id="q", author="a", knobs=[KnobRequest(name=name, value=1.0)]), 1)
    tape.say("r", Log(message="after"), 2)
    desk.record(tape.take())
    assert desk.row("r").step == 2


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/runs/{id}/events?after=9999999999999-0", None),
        ("GET", "/runs/{id}/ledger?after=9999999999999-1048575", None),
        ("GET", f"/runs/{{id}}/series/loss.d?to={BEYOND}", None),
        ("GET", f"/runs/{{id}}/series/loss.d/{BEYOND}", None),
        ("GET", f"/runs/{{id}}/checkpoints/{BEYOND}/file", None),
        ("POST", "/runs/{id}/forks", {"checkpoint_step": BEYOND}),
        ("POST", "/runs/{id}/commands", {"command": "rewind", "params": {"step": BEYOND}}),
        ("POST", "/runs", {"recipe": "faces-acgan", "overrides": {"steps": BEYOND}}),
        ("POST", "/runs", {"recipe": "faces-acgan", "overrides": {"seed": BEYOND}}),
    ],
)
def test_a_number_beyond_64_bits_is_refused_in_words(server, method, path, body):
    run = server.create()
    answer = server.http.request(method, path.replace("{id}", run.id), json=body)
    assert answer.status_code == 422, answer.text
    assert answer.json()["code"] in ("invalid-request", "invalid-spec")
