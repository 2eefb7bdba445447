"""The commands about sweeps, against a scripted server."""

import json
from contextlib import contextmanager

import httpx
import pytest
from click.testing import CliRunner

from modescope import sweep_cli
from modescope.__main__ import main

RUNS = [
    {"id": f"r{number}", "name": "n", "values": {"r1.weight": weight, "seed": 1}, "status": "queued", "step": 0,
     "steps": 9}
    for number, weight in enumerate((0.1, 10))
]  # fmt: skip
SUMMARY = {
    "id": "s1", "name": "my sweep", "recipe": "ring-gan", "created_at": 1.0, "n_runs": 2, "statuses": {"queued": 2},
    "axes": [{"name": "r1.weight", "values": [0.1, 10]}, {"name": "seed", "values": [1]}],
}  # fmt: skip
SWEEP = {**SUMMARY, "runs": RUNS, "cursor": "5-0"}
RECIPE = {
    "name": "ring-gan", "title": "", "look": "", "duration": "", "spec": {"regularisers": [{"name": "r1"}]}
}  # fmt: skip


@pytest.fixture
def modescope(client_of, monkeypatch):
    """`modescope(arguments, *answers)`: the command with a server that gives these answers."""

    def run(arguments, *answers):
        client, server = client_of(*answers)

        @contextmanager
        def scripted():
            yield client

        monkeypatch.setattr(sweep_cli, "connected", scripted)
        return CliRunner().invoke(main, arguments.split()), server

    return run


def test_a_sweep_is_asked_for_and_printed_with_its_link_and_its_runs(modescope):
    result, server = modescope(
        "sweep ring-gan --axis r1.weight=log:0.1:10:3 --axis loss.name=hinge,minimax --axis steps=[100] --seeds 1,2 "
        "--name mine",
        httpx.Response(201, json=SWEEP),
    )
    assert result.exit_code == 0, result.output
    assert json.loads(server.requests[0].content) == {
        "recipe": "ring-gan",
        "axes": {
            "r1.weight": {"from": 0.1, "to": 10, "count": 3, "scale": "log"},
            "loss.name": ["hinge", "minimax"],
            "steps": [100],
        },
        "seeds": [1, 2],
        "name": "mine",
    }
    assert len(server.requests[0].headers["Idempotency-Key"]) == 32
    first, *rows = result.output.splitlines()
    assert first.startswith("s1  my sweep  http://")
    assert first.endswith("/sweeps/s1")
    assert [row.split() for row in rows] == [
        ["run", "r1.weight", "seed", "state"],
        ["r0", "0.1", "1", "queued"],
        ["r1", "10", "1", "queued"],
    ]


def test_what_is_set_for_all_runs_goes_along_and_json_is_the_whole_sweep(modescope):
    catalogue = {"version": "1", "components": [], "recipes": [RECIPE]}
    result, server = modescope(
        "sweep ring-gan --seeds 1 --set r1.weight=2 --json",
        httpx.Response(200, json=catalogue),
        httpx.Response(201, json=SWEEP),
    )
    assert json.loads(server.requests[1].content) == {
        "recipe": "ring-gan",
        "overrides": {"regularisers": [{"name": "r1", "weight": 2}]},
        "seeds": [1],
    }
    assert [run["id"] for run in json.loads(result.output)["runs"]] == ["r0", "r1"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--axis r1.weight", "is not of the form path=values"),
        ("--axis =1,2", "is not of the form path=values"),
        ("--axis r1.weight=log:1:2", "is not of the form path=log:from:to:count"),
        ("--axis r1.weight=log:0:2:3", "both ends above 0"),
        ("--axis r1.weight=linear:0:b:3", "to"),
        ("--axis r1.weight=[1,", "this is no JSON list"),
        ("--seeds 1,b", "got 'b'"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_is_asked(modescope, arguments, words):
    result, server = modescope(f"sweep ring-gan {arguments}", httpx.Response(201, json=SWEEP))
    assert (result.exit_code, server.requests) == (1, [])
    assert words in result.output


def test_sweeps_are_listed(modescope):
    result, _ = modescope("sweeps", httpx.Response(200, json={"items": [SUMMARY], "next": None}))
    assert result.output.splitlines()[1].split() == ["s1", "my", "sweep", "r1.weight", "×", "seed", "2", "queued"]


def test_stop_tells_how_many_and_exits_1_when_one_could_not_be_asked(modescope):
    asked = [{"run": "r0", "request_id": "q", "asked_at": 1.0}]
    result, server = modescope("sweep-stop s1 --reason done", httpx.Response(202, json={"asked": asked, "n_ended": 3}))
    assert (result.output, result.exit_code) == ("asked 1 to stop; 3 had ended\n", 0)
    assert str(server.requests[0].url).endswith("/sweeps/s1/stop")
    assert server.requests[0].headers["X-Modescope-Reason"] == "done"
    moved = {"asked": [], "n_ended": 0, "not_asked": [{"run": "r1", "reason": "it moved"}]}
    result, _ = modescope("sweep-stop s1", httpx.Response(202, json=moved))
    assert "r1: it moved" in result.output
    assert result.exit_code == 1


def test_an_axis_that_comes_twice_is_refused_and_nothing_is_asked(modescope):
    result, server = modescope("sweep ring-gan --axis r1.weight=0,1 --axis r1.weight=2,3")
    assert result.exit_code != 0
    assert "--axis r1.weight came twice" in result.output + str(result.exception)
    assert server.requests == []
