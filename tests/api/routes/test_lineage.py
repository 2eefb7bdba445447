"""The family of a run over HTTP: every birth, what differs, and how much of it is named."""

import pytest
from sqlalchemy import event

from api.store import lineage
from contract.events import CommandApplied, CommandAsked
from contract.runs import Run
from tests.api.routes.test_forks import fork, write_checkpoint
from tests.api.routes.test_twins import change, twins

pytestmark = pytest.mark.stack


@pytest.fixture
def root(stack):
    """A run with checkpoints of 100 and 200, and a change at 150."""
    run, trainer = stack.training()
    write_checkpoint(stack, trainer, 100)
    change(trainer, "turned", 150, ("r1.weight", 2.0, {}))
    stack.recorded(write_checkpoint(stack, trainer, 200))
    return run


def family(stack, run):
    return stack.get(f"/runs/{run.id}/lineage")


def by_id(found):
    return {run["id"]: run for run in found["runs"]}


def test_a_run_without_relatives_is_its_own_family(stack, root):
    found = family(stack, root)
    [alone] = found["runs"]
    assert (found["root"], found["n_left_out"], alone["id"], alone["birth"]) == (root.id, 0, root.id, "launch")
    assert (alone["parent"], alone["differs"], alone["status"], alone["steps"]) == (None, [], "running", 500)


def test_every_member_sees_the_same_family(stack, root):
    child = fork(stack, root)
    grandchild = fork(stack, child)
    cousin = fork(stack, root, checkpoint_step=100)
    wanted = [root.id, child.id, grandchild.id, cousin.id]
    for run in (root, child, grandchild, cousin):
        found = family(stack, run)
        assert (found["root"], [each["id"] for each in found["runs"]]) == (root.id, wanted)
    seen = by_id(found)
    assert [(seen[run.id]["parent"], seen[run.id]["parent_step"]) for run in (child, grandchild, cousin)] == [
        (root.id, 200),
        (child.id, 200),
        (root.id, 100),
    ]
    stranger = stack.create()
    assert [each["id"] for each in family(stack, stranger)["runs"]] == [stranger.id]


def test_a_fork_says_which_knobs_and_params_it_was_given(stack, root):
    child = fork(stack, root, knobs={"r1.weight": 0.5}, overrides={"seed": 9, "optimisers": {"G": {"lr": 1e-3}}})
    differs = by_id(family(stack, child))[child.id]["differs"]
    assert {(each["name"], each["old"], each["new"]) for each in differs} == {
        ("r1.weight", 2.0, 0.5),
        ("optimiser.g.lr", 2e-4, 1e-3),
        ("seed", 0, 9),
    }
    same = fork(stack, root)
    assert by_id(family(stack, same))[same.id]["differs"] == []


def test_a_knob_that_is_turned_later_is_not_what_a_fork_was_given(stack, root):
    child = fork(stack, root, knobs={"r1.weight": 0.5})
    trainer = stack.puppet(child.id)
    trainer.take_lease()
    trainer.begin(200)
    stack.recorded(change(trainer, "later", 201, ("optimiser.d.lr", 1e-3, {})))
    differs = by_id(family(stack, child))[child.id]["differs"]
    assert [each["name"] for each in differs] == ["r1.weight"]


def test_a_twin_says_what_it_is_without_and_another_seed(stack, root):
    made = twins(stack, root, "turned", noise=1).json()
    seen = by_id(family(stack, root))
    twin, noise = seen[made["twin"]["id"]], seen[made["noise"][0]["id"]]
    without = {"name": "r1.weight", "old": 2.0, "new": 0.0}
    assert (twin["birth"], twin["left_out"], twin["differs"]) == ("twin", "turned", [without])
    assert noise["differs"] == [without, {"name": "seed", "old": 0, "new": 1}]


def test_a_rewind_is_told_from_a_fork(stack, root):
    child, plain = fork(stack, root), fork(stack, root)
    trainer = stack.puppet(root.id, source="api")
    trainer.say(CommandAsked(request_id="back", author="ada", command="rewind", params={}), 250)
    done = CommandApplied(request_id="back", command="rewind", result={"run": child.id}, latency_ms=0.0)
    stack.recorded(trainer.say(done, 250))
    seen = by_id(family(stack, root))
    assert (seen[child.id]["birth"], seen[plain.id]["birth"]) == ("rewind", "fork")


def test_of_a_large_family_the_way_to_the_run_is_whole_and_the_rest_is_counted(stack, root):
    others = [fork(stack, root, checkpoint_step=100) for _ in range(4)]
    child = fork(stack, root)
    grandchild = fork(stack, child)
    with stack.database.read() as session:
        found = lineage.family(session, grandchild.id, most=4)
    assert [run.id for run in found.runs] == [root.id, others[0].id, child.id, grandchild.id]
    assert found.n_left_out == 3


def test_it_takes_as_many_queries_for_seven_runs_as_for_one(stack, root):
    def queries():
        asked = []
        with stack.database.read() as session:
            event.listen(session.connection(), "before_cursor_execute", lambda *seen: asked.append(seen[2]))
            n = len(lineage.family(session, root.id).runs)
        assert asked
        return n, len(asked)

    alone = queries()
    for _ in range(3):
        fork(stack, fork(stack, root))
    assert (alone[0], queries()) == (1, (7, alone[1]))


def test_a_run_knows_how_many_go_on_from_it(stack, root):
    assert stack.run(root.id).n_forks == 0
    child = fork(stack, root)
    fork(stack, root)
    listed = {run["id"]: Run.model_validate(run).n_forks for run in stack.get("/runs")["items"]}
    assert (listed[root.id], listed[child.id]) == (2, 0)


def test_an_unknown_run_has_no_family(stack, root):
    answer = stack.http.get("/runs/nobody/lineage")
    assert (answer.status_code, answer.json()["code"]) == (404, "no-such-run")
    assert '"nobody"' in answer.json()["detail"]
