"""The instruments in a real loop: what they say was announced, and the run is the one that it would have been."""

from hashlib import sha256

import pytest

from contract.events import CommandAsked, Density, MonitorDisabled, Spectrum
from contract.jobs import CheckpointRef, Resume
from worker.training.knob_board import KnobBoard
from worker.training.series import announced

INSTRUMENTS = ["spectra", "input_gradients", "scores", "movement", "batch_norm", "resources"]
OFTEN = [{"name": name, "every": 1} for name in INSTRUMENTS]


def test_what_is_said_is_what_was_announced(bench, spec):
    attempt = bench.run({**spec, "monitors": OFTEN, "steps": 4})
    game = attempt._game
    infos = {info.name: info for info in announced(game, KnobBoard(game)) if info.monitor}
    scalars = {name for _, values in attempt.reporter.rows for name in values}
    said = {kind: {body.series for _, body in attempt.reporter.bodies(kind)} for kind in (Spectrum, Density)}
    assert not attempt.reporter.bodies(MonitorDisabled)
    assert {name for name, info in infos.items() if info.kind == "scalar"} <= scalars
    assert said[Spectrum] == {name for name, info in infos.items() if info.kind == "spectrum"}
    assert said[Density] == {name for name, info in infos.items() if info.kind == "density"}
    mine = {name for name in scalars if name.split(".")[0] in {info.split(".")[0] for info in infos}}
    assert mine <= set(infos), "nothing unannounced"
    assert not any("<" in name or "<" in info.meaning for name, info in infos.items())


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_looking_at_every_step_leaves_the_weights_alone(bench, spec, state, assert_same, name):
    watched = bench.run({**spec, "monitors": [{"name": name, "every": 1}]})
    assert not watched.reporter.bodies(MonitorDisabled)
    assert_same(state(watched), state(bench.run(spec)))


def test_movement_of_a_resumed_run_is_that_of_an_uninterrupted_one(bench, spec):
    """Stopped after step 5: the look at 6 needs where the players were at 4, and how they came there."""
    spec = {**spec, "monitors": [{"name": "movement", "every": 2}], "steps": 8}
    straight = bench.run(spec)
    bench.store.clear()
    bench.run(spec, at={5: [CommandAsked(request_id="c", author="test", command="stop")]})
    [(name, content)] = bench.store.items()
    refs = [CheckpointRef(step=5, name=name, sha256=sha256(content).hexdigest())]
    resumed = bench.run(spec, resume=Resume(checkpoints=refs), number=2)
    for series in ("movement.rate.g", "movement.rate.d", "movement.turn.g", "movement.turn.d"):
        expected = {step: value for step, value in straight.reporter.series(series).items() if step > 5}
        assert sorted(expected) == [6, 8]
        assert resumed.reporter.series(series) == expected
