"""A fork: another run's checkpoint, with other knobs, another seed, or parts that leave the weights their shapes."""

from hashlib import sha256

import pytest
import torch

from contract.events import CommandAsked, KnobAsked, KnobRequest
from contract.jobs import Change, CheckpointRef, Resume
from worker.training.checkpoint import CorruptCheckpoint

STEP = 4


@pytest.fixture
def origin(bench, images):
    """The checkpoint of a run that was stopped after step 4."""
    bench.run(images, at={STEP: [CommandAsked(request_id="c", author="t", command="stop")]})
    [(name, content)] = bench.store.items()
    return CheckpointRef(step=STEP, name=name, sha256=sha256(content).hexdigest(), reason="fork")


def fork(bench, spec, origin, **knobs):
    ledger = [Change(step=STEP + 1, name=name.replace("__", "."), value=value) for name, value in knobs.items()]
    return bench.run(spec, resume=Resume(checkpoints=[origin], ledger=ledger))


def test_a_fork_without_a_change_repeats_its_parent_bit_for_bit(bench, images, origin, state, assert_same):
    forked = fork(bench, images, origin)
    assert min(forked.reporter.series("loss.d")) == STEP + 1
    assert_same(state(bench.run(images)), state(forked))


def test_a_fork_with_another_knob_is_the_run_in_which_it_was_turned_there(bench, images, origin, state, assert_same):
    forked = fork(bench, images, origin, auxiliary__weight=0.25)
    assert forked.reporter.series("knob.auxiliary.weight") == {STEP: 1.0, STEP + 1: 0.25}
    turned = KnobAsked(request_id="k", author="t", knobs=[KnobRequest(name="auxiliary.weight", value=0.25)])
    assert_same(state(bench.run(images, at={STEP: [turned]})), state(forked))


def test_another_seed_gives_other_randomness_from_the_fork_on(bench, images, origin, state):
    same, other = state(fork(bench, images, origin)), state(fork(bench, {**images, "seed": 7}, origin))
    again = state(fork(bench, {**images, "seed": 7}, origin))
    assert any(not torch.equal(same[name], other[name]) for name in same)
    assert all(torch.equal(other[name], again[name]) for name in other)


def test_a_part_that_the_checkpoint_does_not_know_begins_anew(bench, images, origin):
    parts = [*images["regularisers"], {"name": "lecam", "weight": 0.1}]
    forked = fork(bench, {**images, "regularisers": parts}, origin)
    assert "knob.lecam.weight" in {name for _, values in forked.reporter.rows for name in values}
    assert max(forked.reporter.series("loss.d")) == images["steps"]


def test_a_part_that_is_left_out_takes_its_knobs_along(bench, images, origin):
    forked = fork(bench, {**images, "regularisers": images["regularisers"][1:]}, origin)
    assert forked.reporter.series("knob.r1.weight") == {}
    assert max(forked.reporter.series("loss.d")) == images["steps"]


def test_other_shapes_are_refused_with_the_reason(bench, images, origin):
    with pytest.raises(CorruptCheckpoint, match=r"does not fit the spec: .*size mismatch"):
        fork(bench, {**images, "network": {"name": "dcgan", "width": 8, "z_dim": 8}}, origin)


def test_a_fork_s_own_ramp_takes_the_place_of_the_one_that_its_parent_was_on(bench, points):
    wish = KnobRequest(name="optimiser.g.lr", value=1e-3, over=6)
    asked = KnobAsked(request_id="k", author="t", knobs=[wish])
    stop = CommandAsked(request_id="c", author="t", command="stop")
    bench.run(points, at={2: [asked], STEP: [stop]})
    [(name, content)] = bench.store.items()
    reference = CheckpointRef(step=STEP, name=name, sha256=sha256(content).hexdigest(), reason="fork")
    inherited = bench.run(points, resume=Resume(checkpoints=[reference], least_step=STEP))
    assert inherited._board.values()["optimiser.g.lr"] == 1e-3
    own = [Change(step=STEP + 1, name="optimiser.g.lr", value=0.0, over=2, request="f")]
    forked = bench.run(points, resume=Resume(checkpoints=[reference], ledger=own, least_step=STEP))
    assert forked._board.values()["optimiser.g.lr"] == 0.0
    assert max(forked.reporter.series("knob.optimiser.g.lr")) == STEP + 2


def test_a_fork_whose_checkpoint_is_gone_does_not_begin_at_step_0(bench, points):
    gone = CheckpointRef(step=STEP, name="gone", sha256="0", reason="fork")
    with pytest.raises(CorruptCheckpoint, match="this fork goes on from step 4, and no checkpoint of it can be read"):
        bench.run(points, resume=Resume(checkpoints=[gone], least_step=STEP))


def test_an_average_that_a_fork_adds_begins_with_its_weights(bench, points):
    bench.run(points, at={STEP: [CommandAsked(request_id="c", author="t", command="stop")]})
    [(name, content)] = bench.store.items()
    reference = CheckpointRef(step=STEP, name=name, sha256=sha256(content).hexdigest())
    attempt = bench.attempt({**points, "averaging": {"name": "ema"}}, resume=Resume(checkpoints=[reference]))
    average = attempt._game.averaging.sampler(attempt._game.G).state_dict()
    weights = dict(attempt._game.G.named_parameters())
    assert all(torch.equal(average[name], weight) for name, weight in weights.items())


def test_another_optimiser_begins_anew(bench, points):
    bench.run(points, at={STEP: [CommandAsked(request_id="c", author="t", command="stop")]})
    [(name, content)] = bench.store.items()
    reference = CheckpointRef(step=STEP, name=name, sha256=sha256(content).hexdigest())
    sgd = {player: {"name": "sgd", "momentum": 0.5} for player in ("G", "D")}
    run = bench.run({**points, "optimisers": sgd}, resume=Resume(checkpoints=[reference]))
    assert max(run.reporter.series("loss.d")) == points["steps"]
