"""Same spec, same numbers: across looking, pausing, checkpoints, new attempts and replayed knobs."""

from hashlib import sha256

import pytest
import torch

from contract.events import CheckpointWritten, CommandAsked, KnobAsked, KnobRequest, RunStatus
from contract.jobs import Change, CheckpointRef, Resume
from worker.training.checkpoint import CorruptCheckpoint, restore


def command(name, **params):
    return CommandAsked(request_id=f"c-{name}", author="test", command=name, params=params)


def knob(name, value, request_id="k"):
    return KnobAsked(request_id=request_id, author="test", knobs=[KnobRequest(name=name, value=value)])


def refs(store):
    """Checkpoints in the store, newest first."""
    names = sorted(store, reverse=True)
    return [
        CheckpointRef(step=int(name.split("/")[-1].split("-")[0]), name=name, sha256=sha256(store[name]).hexdigest())
        for name in names
    ]


def test_the_same_spec_gives_the_same_weights(bench, spec, state, assert_same):
    assert_same(state(bench.run(spec)), state(bench.run(spec)))


def test_another_seed_gives_other_weights(bench, spec, state):
    one, other = state(bench.run(spec)), state(bench.run({**spec, "seed": 1}))
    assert any(not torch.equal(one[name], other[name]) for name in one)


def test_looking_changes_nothing(bench, spec, state, assert_same):
    watched = bench.run({**spec, "monitors": [{"name": "nosy"}]})
    assert len(watched.reporter.series("nosy.value")) == spec["steps"] + 1
    assert_same(state(bench.run(spec)), state(watched))


def test_stop_and_resume_in_a_new_attempt_is_bit_exact(bench, spec, state, assert_same):
    straight = bench.run(spec)
    bench.store.clear()
    stopped = bench.run(spec, at={5: [command("stop")]})
    assert stopped.ended == "stop"
    resumed = bench.run(spec, resume=Resume(checkpoints=refs(bench.store)), number=2)
    assert min(resumed.reporter.series("loss.d")) == 6
    assert_same(state(straight), state(resumed))


def test_pause_and_resume_in_the_same_process_is_bit_exact(bench, spec, state, assert_same):
    paused = bench.run(spec, at={3: [command("pause")], 6: [command("resume")]})
    assert paused.script.waits == 3
    assert [body.status for _, body in paused.reporter.bodies(RunStatus)] == [
        "running",
        "paused",
        "running",
        "finished",
    ]
    assert_same(state(bench.run(spec)), state(paused))


def test_replaying_the_ledger_gives_the_steered_run_again(bench, images, state, assert_same):
    steered = bench.run(images, at={4: [knob("auxiliary.weight", 0.25)]})
    ledger = [Change(step=5, name="auxiliary.weight", value=0.25)]
    assert_same(state(steered), state(bench.run(images, resume=Resume(ledger=ledger), number=2)))


def test_a_resumed_run_replays_only_what_came_after_its_checkpoint(bench, images, state, assert_same):
    steered = bench.run(images, at={2: [knob("auxiliary.weight", 0.25)], 6: [knob("auxiliary.weight", 3.0, "k2")]})
    bench.store.clear()
    bench.run(images, at={2: [knob("auxiliary.weight", 0.25)], 4: [command("park")]})
    ledger = [Change(step=3, name="auxiliary.weight", value=0.25), Change(step=7, name="auxiliary.weight", value=3.0)]
    resumed = bench.run(images, resume=Resume(checkpoints=refs(bench.store), ledger=ledger), number=2)
    assert resumed.reporter.series("knob.auxiliary.weight") == {4: 0.25, 7: 3.0}
    assert_same(state(steered), state(resumed))


def test_a_checkpoint_cut_in_half_is_passed_over_for_the_one_before(bench, points, state, assert_same):
    bench.run(points, at={4: [command("checkpoint")], 8: [command("stop")]})
    newest = max(bench.store)
    listed = refs(bench.store)
    bench.store[newest] = bench.store[newest][: len(bench.store[newest]) // 2]
    resumed = bench.run(points, resume=Resume(checkpoints=listed), number=2)
    assert min(resumed.reporter.series("loss.d")) == 5
    bench.store.clear()
    assert_same(state(bench.run(points)), state(resumed))


def test_without_a_whole_checkpoint_a_run_begins_again(bench, points):
    lost = [CheckpointRef(step=5, name="gone", sha256="0")]
    assert min(bench.run(points, resume=Resume(checkpoints=lost), number=2).reporter.series("loss.d")) == 1


def test_a_checkpoint_of_another_spec_is_refused(bench, points, images):
    bench.run(points)
    other = bench.attempt(images)
    with pytest.raises(CorruptCheckpoint, match="does not fit"):
        restore(other._game, other._board, next(iter(bench.store.values())))


def test_a_run_that_was_paused_comes_back_paused(bench, points):
    attempt = bench.run(points, resume=Resume(paused=True), at={2: [command("resume")]}, number=2)
    statuses = [body.status for _, body in attempt.reporter.bodies(RunStatus)]
    assert statuses == ["paused", "paused", "running", "finished"]


def test_all_but_the_last_automatic_checkpoints_are_given_up_and_asked_ones_never(bench, points):
    bench.interval_s, bench.keep = 0.0, 2
    run = bench.run(points, at={3: [command("checkpoint")]})
    given_up = [name for _, body in run.reporter.bodies(CheckpointWritten) for name in body.removed]
    assert len(given_up) == len(set(given_up))
    assert len(bench.store) - len(given_up) == 3
    assert any("0000000003" in name for name in set(bench.store) - set(given_up))


def test_an_asked_checkpoint_stays_asked_when_the_same_step_is_written_again(bench, points):
    run = bench.run(points, at={3: [command("pause")], 4: [command("checkpoint")], 5: [command("park")]})
    reasons = [body.reason for _, body in run.reporter.bodies(CheckpointWritten)]
    assert reasons == ["pause", "asked", "asked"]


def test_a_run_resumed_while_paused_says_paused_from_the_first(bench, points):
    run = bench.run(points, resume=Resume(paused=True), at={0: [command("stop")]}, number=2)
    assert [body.status for _, body in run.reporter.bodies(RunStatus)] == ["paused", "stopped"]


def test_the_thread_count_comes_with_the_checkpoint(bench, points):
    bench.run(points, at={4: [command("stop")]})
    attempt = bench.attempt(points)
    torch.set_num_threads(2)
    restore(attempt._game, attempt._board, next(iter(bench.store.values())))
    assert torch.get_num_threads() == 1


def test_a_losss_own_state_goes_on_where_it_was(bench, points, state, assert_same):
    began = {
        **points,
        "network": {"name": "autoencoder", "width": 4, "z_dim": 5, "code": 1},
        "loss": {"name": "began", "gamma": 1.0, "lambda_k": 0.1},
    }
    straight = bench.run(began)
    bench.store.clear()
    bench.run(began, at={5: [command("stop")]})
    resumed = bench.run(began, resume=Resume(checkpoints=refs(bench.store)), number=2)
    k = straight.reporter.series("began.k")
    assert 0 < k[5] < 1
    assert resumed.reporter.series("began.k") == {step: value for step, value in k.items() if step > 5}
    assert_same(state(straight), state(resumed))
