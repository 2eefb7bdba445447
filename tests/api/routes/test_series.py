"""Series over HTTP: NaN on the wire, pictures by URL, and what is not recorded yet."""

import hashlib
import json

import pytest

from contract import names
from contract.events import Eigenvalues, Grid, Points, RunStatus, ScalarGroup, Scalars, SeriesInfo, Spectrum
from contract.runs import ScalarSeries, SeriesState, StepSeries

pytestmark = pytest.mark.stack

PICTURE = b"\x89PNG not really"
GRID = Grid(series="samples", rows=1, columns=2, cell=[8, 8], row_labels=["red"])
CLOUD = Points(series="points", generated=[[0.0, float("nan")]], real=[[1.0, 2.0]], extent=[0, 1, 0, 1])


@pytest.fixture
def run(stack):
    run = stack.create()
    trainer = stack.puppet(run.id)
    trainer.take_lease()
    infos = [SeriesInfo(name="loss.d", unit="nat", meaning="D's loss."), SeriesInfo(name="samples", kind="grid")]
    trainer.say(RunStatus(status="running", from_step=0, series=infos), 0)
    columns = {"loss.d": [1.5, float("nan"), float("inf"), 0.1 + 0.2]}
    trainer.say(Scalars(groups=[ScalarGroup(steps=[1, 2, 3, 100], values=columns)]), 100)
    trainer.say(CLOUD, 50)
    last = trainer.say(GRID, 50, PICTURE)
    stack.recorded(last)
    run.cursor = last
    return run


def test_the_list_says_what_each_is_and_was_last(stack, run):
    found = [SeriesState.model_validate(item) for item in stack.get(f"/runs/{run.id}/series")["items"]]
    assert [(one.name, one.kind, one.unit, one.last_step, one.last) for one in found] == [
        ("loss.d", "scalar", "nat", 100, 0.1 + 0.2),
        ("samples", "grid", "", 50, None),
        ("points", "points", "", 50, None),
    ]


def test_scalars_travel_with_nan_and_infinity(stack, run):
    answer = stack.get(f"/runs/{run.id}/series/loss.d")
    assert answer == {
        "name": "loss.d",
        "kind": "scalar",
        "unit": "nat",
        "bucket_steps": 1,
        "steps": [1, 2, 3, 100],
        "min": [1.5, "NaN", "NaN", 0.1 + 0.2],
        "max": [1.5, "NaN", "NaN", 0.1 + 0.2],
        "last": [1.5, "NaN", "Infinity", 0.1 + 0.2],
        "nonfinite": [0, 1, 1, 0],
        "cursor": run.cursor,
    }


def test_a_range_includes_both_ends(stack, run):
    found = ScalarSeries.model_validate(stack.get(f"/runs/{run.id}/series/loss.d", **{"from": 2, "to": 3}))
    assert found.steps == [2, 3]
    assert ScalarSeries.model_validate(stack.get(f"/runs/{run.id}/series/loss.d", **{"from": 101})).steps == []


def test_queries_out_of_bounds_are_refused(stack, run):
    for query in ({"from": -1}, {"buckets": 9}, {"buckets": 10_001}, {"to": "x"}, {"to": 2**62}):
        answer = stack.http.get(f"/runs/{run.id}/series/loss.d", params=query)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request"), query


def test_other_kinds_answer_the_steps_that_exist(stack, run):
    found = StepSeries.model_validate(stack.get(f"/runs/{run.id}/series/samples"))
    assert (found.kind, found.steps, found.cursor) == ("grid", [50], run.cursor)
    assert StepSeries.model_validate(stack.get(f"/runs/{run.id}/series/samples", to=49)).steps == []


def test_an_unknown_series_is_answered_with_those_there_are(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/series/loss.x")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-series")
    assert "it has: loss.d, points, samples" in answer.json()["detail"]
    missing = stack.http.get(f"/runs/{run.id}/series/samples/51")
    assert (missing.status_code, missing.json()["code"]) == (404, "no-such-step")


def test_a_picture_comes_by_url_and_is_cached_by_its_content(stack, run):
    path = f"/runs/{run.id}/series/samples/50"
    answer = stack.http.get(path)
    sha256 = hashlib.sha256(PICTURE).hexdigest()
    assert (answer.status_code, answer.headers["content-type"], answer.content) == (200, "image/png", PICTURE)
    assert (answer.headers["etag"], answer.headers["cache-control"]) == (f'"{sha256}"', "no-cache")
    again = stack.http.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    exact = stack.http.get(path, params={"sha256": sha256})
    assert (exact.content, exact.headers["cache-control"]) == (PICTURE, "public, max-age=31536000, immutable")
    described = stack.http.get(path, headers={"Accept": "application/json"})
    assert described.json()["row_labels"] == ["red"]


def test_a_lost_picture_is_said(stack, run):
    (picture,) = (stack.settings.data / "artefacts" / "blobs").glob("*/*")
    picture.unlink()
    answer = stack.http.get(f"/runs/{run.id}/series/samples/50")
    assert (answer.status_code, answer.json()["code"]) == (503, "artefacts-away")


def test_points_come_as_json(stack, run):
    answer = stack.get(f"/runs/{run.id}/series/points/50")
    assert answer == json.loads(CLOUD.model_dump_json())
    assert answer["generated"] == [[0.0, "NaN"]]


def test_what_is_not_recorded_yet_comes_from_the_log(server):
    run = server.create()
    trainer = server.puppet(run.id)
    trainer.say(GRID, 7, b"old")
    trainer.say(GRID, 7, b"new")
    trainer.say(CLOUD, 7)
    server.redis.xadd(names.EVENTS, {"run": run.id, "v": "99"})
    assert server.http.get(f"/runs/{run.id}/series/samples/7").content == b"new"
    assert server.get(f"/runs/{run.id}/series/points/7")["extent"] == [0, 1, 0, 1]
    assert server.http.get(f"/runs/{run.id}/series/samples/8").status_code == 404


def test_spectra_come_many_at_once_and_the_same_ones_in_a_zoom(stack):
    run, trainer = stack.training()
    values = {step: [float(step), float("nan")] for step in range(0, 100, 10)}
    for step, each in values.items():
        last = trainer.say(Spectrum(series="spectrum.d.conv1", values=each), step)
    trainer.say(Spectrum(series="spectrum.d.conv2", values=[1.0]), 90)
    last = trainer.say(GRID, 90, PICTURE)
    stack.recorded(last)

    def looks(series="spectrum.d.conv1", **query):
        answer = StepSeries.model_validate(stack.get(f"/runs/{run.id}/series/{series}", **query))
        return answer.steps, [look.step for look in answer.looks]

    every = list(values)
    assert looks() == (every, [])
    assert looks(looks=10) == (every, every)
    assert looks(looks=9) == (every, [0, 20, 40, 60, 80, 90])
    assert looks(looks=4) == (every, [0, 40, 80, 90])
    assert looks(looks=4, **{"from": 30, "to": 79}) == ([30, 40, 50, 60, 70], [40, 60, 70])
    assert looks(looks=1) == (every, [90])
    assert looks("samples", looks=10) == ([90], [])
    [first] = stack.get(f"/runs/{run.id}/series/spectrum.d.conv1", looks=5, to=0)["looks"]
    assert first == {"step": 0, "body": {"series": "spectrum.d.conv1", "values": [0.0, "NaN"]}}
    refused = stack.http.get(f"/runs/{run.id}/series/spectrum.d.conv1", params={"looks": 501})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-request")


def test_eigenvalues_come_many_at_once_with_their_residuals(stack):
    run, trainer = stack.training()
    body = Eigenvalues(series="game_jacobian.eigenvalues", real=[-0.5], imaginary=[2.0], residuals=[1e-3], products=40)
    stack.recorded(trainer.say(body, 7))
    [look] = stack.get(f"/runs/{run.id}/series/game_jacobian.eigenvalues", looks=1)["looks"]
    assert look == {"step": 7, "body": json.loads(body.model_dump_json())}
