"""Sweeps over HTTP: launching one spec with several values, comparing the runs, stopping those that are left."""

import base64
import json
import threading

import pytest
from redis.exceptions import ConnectionError
from sqlalchemy import func, select

from api.tables import RunRow, SweepRow
from contract import names
from contract.events import Grid, Points, RunStatus
from contract.runs import LedgerItem
from contract.sweeps import Sweep, SweepStop

pytestmark = pytest.mark.stack

TWO_BY_TWO = {"recipe": "faces-acgan", "axes": {"r1.weight": [1, 100.0], "hinge.margin": [0.5, 2]}}


def post(stack, headers=None, **body):
    return stack.http.post("/sweeps", json={"recipe": "faces-acgan", **body}, headers=headers)


def launch(stack, **body):
    answer = post(stack, **body)
    assert answer.status_code == 201, answer.text
    return Sweep.model_validate(answer.json())


def read(stack, sweep):
    return Sweep.model_validate(stack.get(f"/sweeps/{sweep.id}"))


def n_rows(stack):
    with stack.database.read() as session:
        return tuple(session.scalar(select(func.count()).select_from(table)) for table in (SweepRow, RunRow))


def jobs(stack):
    """What waits for the workers, the first to be taken first."""
    bodies = [json.loads(message)["body"] for message in reversed(stack.redis.lrange(names.QUEUE, 0, -1))]
    return [json.loads(base64.b64decode(body))[1]["job"] for body in bodies]


def train(stack, run):
    trainer = stack.puppet(run)
    trainer.take_lease()
    trainer.begin()
    stack.until(lambda: stack.run(run).status == "running")
    return trainer


def test_each_combination_is_an_ordinary_run_with_its_values_in_its_spec(server):
    sweep = launch(server, **TWO_BY_TWO, seeds=[7, 8], overrides={"steps": 60}, name="mine")
    assert [(axis.name, axis.values) for axis in sweep.axes] == [
        ("r1.weight", [1, 100.0]),
        ("hinge.margin", [0.5, 2]),
        ("seed", [7, 8]),
    ]
    expected = [(weight, margin, seed) for weight in (1, 100.0) for margin in (0.5, 2) for seed in (7, 8)]
    assert [tuple(run.values.values()) for run in sweep.runs] == expected
    assert (sweep.name, sweep.recipe, sweep.n_runs, sweep.statuses) == ("mine", "faces-acgan", 8, {"queued": 8})
    assert sweep.runs[0].name == "r1.weight=1, hinge.margin=0.5, seed=7 · mine"
    sent = jobs(server)
    assert [job["run"] for job in sent] == [run.id for run in sweep.runs], "taken in the order of the matrix"
    for job, (weight, margin, seed) in zip(sent, expected, strict=True):
        run = server.run(job["run"])
        assert json.loads(run.spec.model_dump_json(by_alias=True)) == job["spec"]
        assert (run.spec.regularisers[0].params["weight"], run.spec.loss.params["margin"]) == (weight, margin)
        assert (run.spec.seed, run.spec.steps, run.status, run.sweep) == (seed, 60, "queued", sweep.id)
        assert {knob.name: knob.value for knob in run.knobs}["r1.weight"] == weight
        assert server.redis.get(names.attempt_key(run.id)) == b"1"
    assert read(server, sweep) == sweep


def test_an_axis_may_be_a_range_a_place_a_component_or_a_knob_of_what_the_spec_leaves_out(server):
    axes = {
        "optimiser.g.lr": {"from": 1e-4, "to": 1e-2, "count": 3, "scale": "log"},
        "network.width": {"from": 16, "to": 32, "count": 2},
    }
    sweep = launch(server, axes=axes)
    specs = [server.run(run.id).spec for run in sweep.runs]
    assert [spec.optimisers["G"].params["lr"] for spec in specs] == [1e-4, 1e-4, 1e-3, 1e-3, 1e-2, 1e-2]
    assert {spec.optimisers["D"].params["lr"] for spec in specs} == {2e-4}
    assert [spec.network.params["width"] for spec in specs] == [16, 32] * 3
    swapped = launch(server, axes={"conditioning": [{"name": "none"}, {"name": "auxiliary", "weight": 3}]})
    assert [server.run(run.id).spec.conditioning.name for run in swapped.runs] == ["none", "auxiliary"]
    seeds = launch(server, seeds=[1, 2, 3])
    assert [run.values for run in seeds.runs] == [{"seed": 1}, {"seed": 2}, {"seed": 3}]


def test_one_bad_value_is_named_with_its_axis_and_nothing_is_launched(server):
    for axes, where, words in (
        ({"r1.weight": [1, -1]}, "axes.r1.weight", "with r1.weight = -1, regularisers.0.weight: must be 0 or more"),
        ({"r1.weight": []}, "axes.r1.weight.values", "at least 1 item"),
        ({}, "axes", "at least one axis"),
    ):
        answer = post(server, axes=axes)
        problem = answer.json()
        assert answer.status_code == 422
        [error] = problem["errors"]
        assert error["where"] == where
        assert words in error["message"]
        assert words in problem["detail"]
    assert (n_rows(server), jobs(server), server.redis.xlen(names.EVENTS)) == ((0, 0), [], 0)


def test_the_same_key_makes_one_sweep_also_at_the_same_moment(server):
    answers = []

    def ask():
        answers.append(post(server, {"Idempotency-Key": "k1"}, **TWO_BY_TWO))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 4
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (n_rows(server), len(jobs(server))) == ((1, 4), 4)
    other = post(server, {"Idempotency-Key": "k1"}, seeds=[1])
    run = server.http.post("/runs", json={"recipe": "faces-acgan"}, headers={"Idempotency-Key": "k1"})
    assert [(each.status_code, each.json()["code"]) for each in (other, run)] == [(409, "idempotency-key-reused")] * 2
    assert n_rows(server) == (1, 4)


def test_without_a_catalogue_nothing_can_be_launched(server):
    server.redis.delete(names.CATALOGUE)
    answer = post(server, seeds=[1])
    assert (answer.status_code, answer.json()["code"], n_rows(server)) == (503, "no-worker-yet", (0, 0))


def test_runs_that_redis_did_not_take_are_there_and_left_to_the_reaper(server, monkeypatch):
    tried = []

    def fail(*_):
        tried.append(1)
        raise ConnectionError("away")

    with monkeypatch.context() as patch:
        patch.setattr("api.redis_store.store.RedisStore.begin_attempt", fail)
        sweep = launch(server, **TWO_BY_TWO)
    assert ([run.status for run in sweep.runs], jobs(server)) == (["queued"] * 4, [])
    assert len(tried) == 1, "one timeout is enough"


def test_the_list_of_runs_may_be_of_one_sweep(server):
    alone = server.create()
    sweep = launch(server, **TWO_BY_TWO)
    found = server.get("/runs", sweep=sweep.id)["items"]
    assert [run["id"] for run in found] == [run.id for run in reversed(sweep.runs)]
    assert {run["sweep"] for run in found} == {sweep.id}
    answer = server.http.get("/runs", params={"sweep": "nosuch"})
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-sweep")
    assert server.run(alone.id).sweep is None


def test_a_list_is_newest_first_and_goes_on_where_it_ended(stack):
    sweeps = [launch(stack, seeds=[1, 2], name=str(number)) for number in range(3)]
    trainer = train(stack, sweeps[2].runs[0].id)
    stack.recorded(trainer.say(RunStatus(status="failed", reason="broke"), 3))
    first = stack.get("/sweeps", limit=2)
    rest = stack.get("/sweeps", limit=2, after=first["next"])
    assert [item["name"] for item in first["items"] + rest["items"]] == ["2", "1", "0"]
    assert rest["next"] is None
    assert (first["items"][0]["n_runs"], first["items"][0]["statuses"]) == (2, {"failed": 1, "queued": 1})
    assert "runs" not in first["items"][0]
    assert stack.http.get("/sweeps", params={"after": "x"}).status_code == 422


def test_a_run_is_shown_with_its_last_measurements_and_its_last_samples(stack):
    sweep = launch(stack, **TWO_BY_TWO)
    one, other, *_ = [run.id for run in sweep.runs]
    trainer = train(stack, one)
    trainer.scalars([1, 2], loss__d=[1.0, 2.0], modes__captured=[3.0, float("nan")], gradient__d__norm=[1.0, 1.0])
    trainer.scalars([2], frechet__distance=[0.5], frechet__distance__error=[0.1], samples__hair__accuracy=[0.9])
    grid = Grid(series="samples", rows=1, columns=1, cell=[1, 1], row_labels=None, column_labels=None)
    for step in (1, 2):
        last = trainer.say(grid, step, blob=b"\x89PNG" + bytes([step]))
    trainer.say(Points(series="points", generated=[], real=[], extent=[0, 1, 0, 1]), 2)
    stack.recorded(last)
    stack.recorded(train(stack, other).say(Points(series="points", generated=[], real=[], extent=[0, 1, 0, 1]), 9))
    found = {run.id: run for run in read(stack, sweep).runs}
    assert (found[one].status, found[one].step, found[one].steps) == ("running", 2, 500)
    assert repr({name: (last.step, last.value) for name, last in found[one].latest.items()}) == (
        "{'frechet.distance': (2, 0.5), 'frechet.distance.error': (2, 0.1), 'loss.d': (2, 2.0), "
        "'modes.captured': (2, nan), 'samples.hair.accuracy': (2, 0.9)}"
    )
    assert found[one].picture.model_dump() == {"series": "samples", "kind": "grid", "step": 2}
    assert found[other].picture.model_dump() == {"series": "points", "kind": "points", "step": 9}
    assert found[sweep.runs[2].id].picture is None
    picture = found[one].picture
    answer = stack.http.get(f"/runs/{one}/series/{picture.series}/{picture.step}")
    assert answer.content == b"\x89PNG\x02"


def test_stopping_asks_the_queued_and_the_running_and_leaves_the_ended(stack):
    sweep = launch(stack, seeds=[1, 2, 3, 4])
    ended, running, *queued = [run.id for run in sweep.runs]
    bystander = stack.create()
    stack.recorded(train(stack, ended).say(RunStatus(status="finished"), 500))
    trainer = train(stack, running)
    answer = stack.http.post(f"/sweeps/{sweep.id}/stop", headers={"X-Modescope-Author": "ada"})
    assert answer.status_code == 202
    told = SweepStop.model_validate(answer.json())
    assert [asked.run for asked in told.asked] == [*reversed(queued), running], "a slot that gets free starts none"
    assert (told.n_ended, told.not_asked) == (1, [])
    stack.until(lambda: read(stack, sweep).statuses == {"finished": 1, "running": 1, "stopped": 2})
    [(_, fields)] = stack.redis.xrange(names.commands_key(running))
    assert json.loads(fields[b"body"])["command"] == "stop"
    stack.until(lambda: stack.get(f"/runs/{running}/ledger")["items"])
    [item] = stack.get(f"/runs/{running}/ledger")["items"]
    item = LedgerItem.model_validate(item)
    assert (item.name, item.author, item.outcome) == ("stop", "ada", None)
    assert item.reason == f"the sweep {sweep.id} was stopped"
    assert stack.run(queued[0]).reason == "stopped by ada"
    stack.recorded(trainer.say(RunStatus(status="stopped", reason="stopped by ada"), 3))
    assert stack.run(bystander.id).status == "queued"
    again = stack.http.post(f"/sweeps/{sweep.id}/stop").json()
    assert (again["asked"], again["n_ended"]) == ([], 4)


def test_an_unknown_sweep_is_404(server):
    for method, path in (("GET", "/sweeps/nosuch"), ("POST", "/sweeps/nosuch/stop")):
        answer = server.http.request(method, path)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-sweep"), path
        assert "nosuch" in answer.json()["detail"]


def test_a_sweep_goes_with_the_last_of_its_runs(stack):
    sweep = launch(stack, seeds=[1, 2])
    stack.http.post(f"/sweeps/{sweep.id}/stop")
    stack.until(lambda: read(stack, sweep).statuses == {"stopped": 2})
    first, second = [run.id for run in sweep.runs]
    assert stack.http.delete(f"/runs/{first}").status_code == 204
    assert [run.id for run in read(stack, sweep).runs] == [second]
    assert stack.http.delete(f"/runs/{second}").status_code == 204
    assert stack.http.get(f"/sweeps/{sweep.id}").status_code == 404
    assert n_rows(stack) == (0, 0)
