"""Export: every number, once, exactly."""

import csv
import io
import math

import pytest
import yaml

from contract.events import Envelope

pytestmark = pytest.mark.stack


@pytest.fixture
def run(stack):
    run, trainer = stack.training()
    trainer.scalars([1, 2, 3], loss__d=[0.1 + 0.2, float("nan"), float("-inf")], loss__g=[1.0, 2.0, 3.0])
    stack.recorded(trainer.scalars([2], modes__captured=[7.0]))
    return run


def test_csv_has_a_row_a_step_and_a_column_a_series(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/export")
    assert answer.headers["content-type"].startswith("text/csv")
    assert answer.headers["content-disposition"] == f'attachment; filename="{run.id}.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["step"] for row in rows] == ["1", "2", "3"]
    assert float(rows[0]["loss.d"]) == 0.1 + 0.2
    assert math.isnan(float(rows[1]["loss.d"]))
    assert float(rows[2]["loss.d"]) == -math.inf
    assert [row["modes.captured"] for row in rows] == ["", "7.0", ""]


def test_jsonl_has_every_event_as_it_came(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/export", params={"format": "jsonl"})
    exported = [Envelope.model_validate_json(line) for line in answer.text.splitlines()]
    listed = [Envelope.model_validate(item) for item in stack.get(f"/runs/{run.id}/events")["items"]]
    assert exported == listed
    assert [event.kind for event in exported] == ["run.status", "run.status", "scalars", "scalars"]


def test_another_format_is_refused(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/export", params={"format": "xlsx"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid-request")
    assert "'csv', 'jsonl', 'yaml' or 'html'" in answer.json()["detail"]


def test_yaml_is_a_spec_that_can_be_launched(stack, run):
    answer = stack.http.get(f"/runs/{run.id}/export", params={"format": "yaml"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/yaml"
    assert answer.text.startswith(f"# Repeats run {run.id}")
    again = stack.http.post("/runs", json={"spec": yaml.safe_load(answer.text)})
    assert again.status_code == 201, again.text
