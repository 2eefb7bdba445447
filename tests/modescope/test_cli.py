"""The commands about runs, against a scripted server: what they print, and with which exit status they end."""

import json
from contextlib import contextmanager

import httpx
import pytest
from click.testing import CliRunner

from contract.events import (
    CommandApplied,
    KnobApplied,
    KnobRefused,
    KnobRequest,
    KnobSuperseded,
    RunStatus,
    ScalarGroup,
    Scalars,
)
from modescope import cli
from modescope.__main__ import main
from tests.modescope.scripted import RUN, frame, stream

ACCEPTED = httpx.Response(202, json={"request_id": "r1", "asked_at": 1.0})


def answer(body: object) -> httpx.Response:
    return httpx.Response(200, json=body)


@pytest.fixture
def modescope(client_of, monkeypatch):
    """`modescope(arguments, *answers)`: the command with a server that gives these answers."""

    def run(arguments: str, *answers: httpx.Response):
        client, server = client_of(*answers)

        @contextmanager
        def scripted():
            yield client

        monkeypatch.setattr(cli, "connected", scripted)
        result = CliRunner().invoke(main, arguments.split())
        return result, server

    return run


def knob(name: str, old: float, new: float) -> KnobRequest:
    return KnobRequest(name=name, old=old, value=new)


def test_set_waits_for_the_outcome_and_prints_the_step(modescope):
    applied = KnobApplied(request_id="r1", knobs=[knob("auxiliary.weight", 1, 0)], latency_ms=35.4)
    other = KnobApplied(request_id="r0", knobs=[knob("auxiliary.weight", 9, 1)], latency_ms=1)
    result, server = modescope(
        "set a1b2 auxiliary.weight=0 --reason look",
        answer(RUN), ACCEPTED, stream(frame(6, other), frame(7), frame(8, applied)),
    )  # fmt: skip
    assert result.output == "auxiliary.weight: 1 → 0 applied at step 8 (35 ms)\n"
    assert result.exit_code == 0
    assert json.loads(server.requests[1].content) == {"auxiliary.weight": 0}
    assert server.requests[2].url.params["after"] == RUN["cursor"], "streams from before it asked"


def test_set_refused_by_the_trainer_says_why_and_exits_1(modescope):
    refused = KnobRefused(request_id="r1", knobs=[knob("r1.weight", 1, 5)], reason="the run has ended")
    result, _ = modescope("set a1b2 r1.weight=5", answer(RUN), ACCEPTED, stream(frame(6, refused)))
    assert result.output == "r1.weight: 1 → 5 refused: the run has ended; nothing changed\n"
    assert result.exit_code == 1


def test_set_refused_by_the_api_says_the_bound_and_exits_1(modescope):
    problem = {"title": "x", "status": 422, "detail": "r1.weight must be a number from 0 to 100; got -1", "code": "c"}
    result, _ = modescope("set a1b2 r1.weight=-1", answer(RUN), httpx.Response(422, json=problem))
    assert "r1.weight must be a number from 0 to 100; got -1" in result.output
    assert result.exit_code == 1


def test_set_of_two_knobs_waits_for_both(modescope):
    one = KnobSuperseded(request_id="r1", knobs=[knob("a.x", 1, 2)], by="r2")
    two = KnobApplied(request_id="r1", knobs=[knob("b.y", 1, 3)], latency_ms=2)
    result, _ = modescope(
        "set a1b2 a.x=2 b.y=3 --json", answer(RUN), ACCEPTED, stream(frame(6, one), frame(7), frame(8, two))
    )
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [(line["name"], line["outcome"], line["new"], line["step"]) for line in lines] == [
        ("a.x", "superseded", 2, 6),
        ("b.y", "applied", 3, 8),
    ]
    assert result.exit_code == 1, "one of the two was not applied"


def test_outcome_that_does_not_come_in_time_is_said_with_the_runs_state(modescope):
    def silent(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/events"):
            return stream(error=httpx.ReadTimeout("silent"))
        return answer({**RUN, "status": "queued", "reason": "no worker is online"})

    result, _ = modescope("set a1b2 a.x=2 --timeout 0.05", answer(RUN), ACCEPTED, silent)
    assert "no outcome within 0.05 s; the run is queued: no worker is online. Request r1 still stands" in result.output
    assert result.exit_code == 1


@pytest.mark.parametrize("verb", ["pause", "resume", "stop", "checkpoint"])
def test_command_is_sent_and_its_outcome_printed(modescope, verb):
    applied = CommandApplied(request_id="r1", command=verb, latency_ms=12)
    result, server = modescope(f"{verb} a1b2", answer(RUN), ACCEPTED, stream(frame(9, applied)))
    assert result.output == f"{verb} applied at step 9 (12 ms)\n"
    assert result.exit_code == 0
    assert server.requests[1].url.path == "/api/v1/runs/a1b2/commands"
    assert json.loads(server.requests[1].content)["command"] == verb


def test_launch_with_set_asks_the_recipe_first(modescope):
    recipe = {
        "name": "ring-collapse",
        "title": "",
        "look": "",
        "duration": "",
        "spec": {"regularisers": [{"name": "r1"}]},
    }
    catalogue = {"version": "1", "components": [], "recipes": [recipe]}
    result, server = modescope(
        "launch ring-collapse --set regularisers.0.weight=2 --name mine --json", answer(catalogue), answer(RUN)
    )
    assert json.loads(result.output)["id"] == "a1b2"
    assert json.loads(server.requests[1].content) == {
        "recipe": "ring-collapse",
        "overrides": {"regularisers": [{"name": "r1", "weight": 2}]},
        "name": "mine",
    }


def test_set_over_several_steps_asks_for_a_ramp(modescope):
    applied = KnobApplied(request_id="r1", knobs=[knob("r1.weight", 1, 0)], latency_ms=1)
    result, server = modescope(
        "set a1b2 r1.weight=0 --over 500 --shape cosine", answer(RUN), ACCEPTED, stream(frame(6, applied))
    )
    assert result.exit_code == 0
    assert json.loads(server.requests[1].content) == {"r1.weight": {"to": 0, "over": 500, "shape": "cosine"}}


CHECKPOINT = {
    "step": 4000, "attempt": 1, "name": "n", "sha256": "0", "size_bytes": 1, "reason": "interval", "time": 1.0
}  # fmt: skip


def test_fork_takes_the_newest_checkpoint_knobs_and_changes(modescope):
    listed = answer({"items": [CHECKPOINT, {**CHECKPOINT, "step": 2000}], "next": None})
    child = httpx.Response(201, json={**RUN, "id": "c3d4", "name": "child", "status": "queued"})
    result, server = modescope("fork a1b2 r1.weight=0.5 --set steps=9000 --name child", answer(RUN), listed, child)
    assert result.output.startswith("c3d4  child  queued")
    assert server.requests[2].url.path == "/api/v1/runs/a1b2/forks"
    assert json.loads(server.requests[2].content) == {
        "checkpoint_step": 4000,
        "knobs": {"r1.weight": 0.5},
        "overrides": {"steps": 9000},
        "name": "child",
    }
    assert len(server.requests[2].headers["Idempotency-Key"]) == 32


def test_fork_from_a_step_asks_for_no_list(modescope):
    result, server = modescope("fork a1b2 --step 2000", answer(RUN), httpx.Response(201, json=RUN))
    assert result.exit_code == 0
    assert json.loads(server.requests[1].content) == {"checkpoint_step": 2000, "knobs": {}, "overrides": {}}


def test_fork_of_a_run_without_a_checkpoint_says_what_to_do(modescope):
    result, _ = modescope("fork a1b2", answer(RUN), answer({"items": [], "next": None}))
    assert result.exit_code == 1
    assert "write one with `modescope checkpoint a1b2`" in result.output


def test_launch_of_an_unknown_recipe_names_the_known_ones(modescope):
    result, server = modescope("launch x --set steps=1", answer({"version": "1", "components": [], "recipes": []}))
    assert "no recipe called 'x'" in result.output
    assert result.exit_code == 1
    assert len(server.requests) == 1, "nothing was launched"


def scalars(step: int, **values: float) -> Scalars:
    return Scalars(groups=[ScalarGroup(steps=[step], values={k.replace("__", "."): [v] for k, v in values.items()})])


def test_followed_run_prints_its_figures_and_its_end(modescope):
    result, _ = modescope(
        "launch ring --follow",
        answer({**RUN, "status": "queued"}),
        stream(
            frame(6, RunStatus(status="running", from_step=0)),
            frame(7, scalars(7, loss__d=0.5, loss__g=float("nan"), samples__hair__accuracy=0.25)),
            frame(8, RunStatus(status="finished")),
        ),
    )
    first, *rest = result.output.splitlines()
    assert first == "a1b2  ring  queued"
    assert rest[0].split() == ["running", "step", "0/100"]
    assert rest[-2].split() == [
        "finished", "step", "7/100", "loss.d", "0.5", "loss.g", "nan", "samples.hair.accuracy", "0.25",
    ]  # fmt: skip
    assert rest[-1] == "a1b2  ring  finished  step 7"
    assert result.exit_code == 0


def test_watched_run_that_fails_says_why_and_exits_1(modescope):
    failed = RunStatus(status="failed", reason="a label that has no image: 'blue'")
    result, _ = modescope("watch a1b2", answer(RUN), stream(frame(6, failed)))
    assert "a label that has no image: 'blue'" in result.output
    assert result.exit_code == 1


def test_watched_run_that_has_ended_already_is_not_streamed(modescope):
    result, server = modescope("watch a1b2", answer({**RUN, "status": "finished", "step": 100}))
    assert result.output == "a1b2  ring  finished  step 100\n"
    assert len(server.requests) == 1


def test_watch_json_prints_each_event_as_a_line(modescope):
    result, _ = modescope(
        "watch a1b2 --json", answer(RUN), stream(frame(6), frame(7, RunStatus(status="stopped", reason="asked")))
    )
    lines = [json.loads(line) for line in result.output.splitlines()]
    assert [line["kind"] for line in lines] == ["scalars", "run.status"]
    assert lines[0]["body"]["groups"][0]["values"]["loss.d"] == ["NaN"]


def test_step_goes_back_when_a_resumed_run_says_so(modescope):
    result, _ = modescope(
        "watch a1b2",
        answer({**RUN, "step": 90}),
        stream(frame(6, RunStatus(status="running", from_step=60)), frame(7, RunStatus(status="stopped", reason="x"))),
    )
    assert result.output.splitlines()[-1] == "a1b2  ring  stopped: x  step 60"


def test_runs_are_listed(modescope):
    waiting = {**RUN, "id": "c3", "status": "queued", "reason": "no worker is online"}
    result, _ = modescope("runs", answer({"items": [RUN, waiting], "next": None}))
    assert "5/100" in result.output
    assert "queued: no worker is online" in result.output


def test_runs_of_a_sweep_are_asked_for(modescope):
    _, server = modescope("runs --sweep s1", answer({"items": [RUN], "next": None}))
    assert dict(server.requests[0].url.params) == {"limit": "20", "sweep": "s1"}


def test_runs_as_json(modescope):
    result, _ = modescope("runs --json", answer({"items": [RUN], "next": None}))
    assert json.loads(result.output)["items"][0]["id"] == "a1b2"


def test_an_export_that_cannot_be_written_says_so_in_a_sentence(modescope, tmp_path):
    where = tmp_path / "nowhere" / "x.yaml"
    result, _ = modescope(f"export a1b2 -o {where}", httpx.Response(200, content=b"steps: 3\n"))
    assert result.exit_code == 1
    assert result.output == f"Error: {where} cannot be written: No such file or directory\n"
