"""A spec is looked at: every reason against it with its line, its text, its cost; and nothing is launched."""

import pytest

from contract.checking import LONGEST_TEXT, CheckedSpec
from contract.runs import Slot, WorkerInfo

pytestmark = pytest.mark.stack

TEXT = """\
# mine
dataset: {name: faces}
network:
  name: dcgan
  width: 4
loss: {name: hinge}
regularisers:
  - {name: r1, every: 0}
"""


def check(server, **body):
    answer = server.http.post("/specs", json=body)
    assert answer.status_code == 200, answer.text
    return CheckedSpec.model_validate(answer.json())


def test_text_is_answered_with_its_spec_and_each_fault_with_its_line(server):
    found = check(server, yaml=TEXT)
    assert found.yaml == TEXT
    assert found.spec == {
        "dataset": {"name": "faces"},
        "network": {"name": "dcgan", "width": 4},
        "loss": {"name": "hinge"},
        "regularisers": [{"name": "r1", "every": 0}],
    }
    assert {(one.where, one.line) for one in found.problems} == {("network.width", 5), ("regularisers.0.every", 8)}
    assert found.estimate is None
    assert server.get("/runs")["items"] == []


def test_what_does_not_go_together_has_the_line_of_its_component(server):
    found = check(server, yaml="network:\n  name: dcgan\nloss: {name: hinge}\ndataset: {name: ring}\n")
    (problem,) = found.problems
    assert (problem.where, problem.line) == ("networks.dcgan", 1)
    assert found.spec is not None, "the form can show it, and its own rules too"


def test_text_that_is_no_spec_says_where_and_has_none(server):
    torn = check(server, yaml="dataset: {name: ring\nloss: {name: hinge}\n")
    assert (torn.spec, torn.problems[0].where, torn.problems[0].line) == (None, "yaml", 2)
    assert check(server, yaml="").problems[0].message.startswith("this is nothing, not a spec")
    assert check(server, yaml="- 1").problems[0].message.startswith("this is a list, not a spec")
    unknown = check(server, yaml="dataset: {name: ring}\nnetwork: {name: mlp}\nloss: {name: wgan}\n")
    assert (unknown.spec, unknown.problems[0].line) == (None, 3)
    assert unknown.problems[0].message == "no losses component called 'wgan'; known: hinge"


def test_a_recipes_file_and_a_recipe_with_overrides_are_specs_too(server):
    file = "title: Mine\nlook: Here.\nduration: long\nspec:\n  dataset: {name: ring}\n  network: {name: mlp}\n"
    found = check(server, yaml=f"{file}  loss: {{name: hinge, margin: -1}}\n")
    assert (found.problems[0].where, found.problems[0].line) == ("loss.margin", 7)
    assert found.spec is not None
    assert set(found.spec) == {"dataset", "network", "loss"}
    named = check(server, yaml="recipe: faces-acgan\noverrides:\n  steps: 7\n")
    assert (named.problems, named.spec and named.spec["steps"], named.lines["steps"]) == ([], 7, 3)
    assert check(server, yaml=f"{file}  loss: {{name: hinge}}\ncolour: red\n").problems[0].line == 8


def test_a_spec_is_answered_as_text_that_reads_the_same(server):
    found = check(server, recipe="faces-acgan", overrides={"seed": 4})
    assert found.problems == []
    again = check(server, yaml=found.yaml)
    assert (again.spec, again.problems) == (found.spec, [])
    assert found.yaml.splitlines()[found.lines["seed"] - 1] == "seed: 4"


@pytest.mark.parametrize("body", [{}, {"yaml": "a: 1", "recipe": "faces-acgan"}, {"yaml": "#" * (LONGEST_TEXT + 1)}])
def test_one_spec_of_a_bounded_size(server, body):
    assert server.http.post("/specs", json=body).status_code == 422


def test_a_gpu_that_nobody_has_is_refused_before_the_queue(server):
    asked = {"recipe": "faces-acgan", "overrides": {"device": "cuda"}}
    server.announce_worker()
    for path in ("/runs", "/specs", "/sweeps"):
        answer = server.http.post(path, json=asked | ({"seeds": [1, 2]} if path == "/sweeps" else {})).json()
        (problem,) = answer["problems"] if path == "/specs" else answer["errors"]
        assert problem["where"] == "device"
        assert problem["message"].startswith("no worker online has a GPU (w1); allowed now: auto, cpu.")
    assert server.get("/runs")["items"] == []
    info = WorkerInfo(
        name="w2", host="h", pid=1, version="t", slots=[Slot(device="cuda:0")], memory_bytes=1, memory_total_bytes=1,
        started_at=0.0, seen_at=0.0,
    )  # fmt: skip
    server.redis.set("modescope:worker:w2", info.model_dump_json())
    assert server.http.post("/runs", json=asked).status_code == 201


def test_a_gpu_may_be_asked_for_while_nobody_is_online(server):
    assert server.http.post("/runs", json={"recipe": "faces-acgan", "overrides": {"device": "cuda"}}).status_code == 201


def test_the_cost_is_that_of_runs_like_it_on_the_same_device(stack):
    for speed, width, recipe_steps in ((50.0, 48, 500), (100.0, 48, 500), (10.0, 96, 500)):
        run, puppet = stack.training(overrides={"network": {"width": width}, "steps": recipe_steps})
        puppet.begin(series=("speed.steps_per_s",), device="cpu")
        stack.recorded(puppet.scalars([40], speed__steps_per_s=[speed]))
        assert stack.run(run.id).step == 40
    found = check(stack, recipe="faces-acgan", overrides={"steps": 750}).estimate
    assert found is not None
    assert (found.n_runs, found.device) == (2, "cpu")
    assert (found.steps_per_s, found.low_per_s, found.high_per_s, found.seconds) == (75.0, 50.0, 100.0, 10.0)
    looser = check(stack, recipe="faces-acgan", overrides={"regularisers": []}).estimate
    assert looser is not None
    assert looser.n_runs == 2
    assert "other regularisers" in looser.basis
    none = check(stack, recipe="faces-acgan", overrides={"network": {"width": 64}}).estimate
    assert none is not None
    assert (none.n_runs, none.seconds) == (0, None)
