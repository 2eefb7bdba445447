"""What people ask for: one outcome each, at a step boundary, and all of a request or none of it."""

from contract.events import (
    CheckpointWritten,
    CommandApplied,
    CommandAsked,
    CommandRefused,
    KnobApplied,
    KnobAsked,
    KnobRefused,
    KnobRequest,
    KnobSuperseded,
    RunStatus,
)


def knobs(request_id, **values):
    asked = [KnobRequest(name=name.replace("__", "."), value=value) for name, value in values.items()]
    return KnobAsked(request_id=request_id, author="ada", knobs=asked)


def command(name, request_id="c", **params):
    return CommandAsked(request_id=request_id, author="ada", command=name, params=params)


def test_a_knob_applies_at_the_next_step_and_says_what_it_was(bench, images):
    run = bench.run(images, at={3: [knobs("k", auxiliary__weight=0.0)]})
    [(step, applied)] = run.reporter.bodies(KnobApplied)
    assert (step, applied.request_id) == (4, "k")
    assert applied.knobs == [KnobRequest(name="auxiliary.weight", value=0.0, old=1.0)]
    auxiliary = run.reporter.series("loss.g.auxiliary")
    assert all(auxiliary[step] > 0 for step in (1, 2, 3))
    assert [auxiliary[step] for step in (4, 5, 6, 7, 8)] == [0.0] * 5


def test_a_learning_rate_reaches_the_optimiser(bench, points):
    run = bench.run(points, at={3: [knobs("k", optimiser__g__lr=0.001)]})
    assert run._game.optimisers["G"].param_groups[0]["lr"] == 0.001
    assert run._game.optimisers["D"].param_groups[0]["lr"] == 2e-4


def test_a_refused_request_leaves_every_knob_of_it_alone(bench, images):
    run = bench.run(images, at={3: [knobs("k", auxiliary__weight=0.5, r1__weight=-1.0)]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert "r1.weight must be a number from 0" in refused.reason
    assert "got -1.0" in refused.reason
    assert run.reporter.bodies(KnobApplied) == []
    assert run._board.values()["auxiliary.weight"] == 1.0


def test_an_unknown_knob_is_refused_with_those_there_are(bench, points):
    run = bench.run(points, at={1: [knobs("k", nosuch__knob=1.0)]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert 'no knob called "nosuch.knob"' in refused.reason
    assert "optimiser.g.lr" in refused.reason


def test_the_later_of_two_wishes_wins_and_the_earlier_is_superseded(bench, images):
    run = bench.run(
        images, at={2: [knobs("first", auxiliary__weight=3.0, r1__weight=5.0), knobs("second", auxiliary__weight=4.0)]}
    )
    [(_, superseded)] = run.reporter.bodies(KnobSuperseded)
    assert (superseded.request_id, superseded.by, [k.name for k in superseded.knobs]) == (
        "first",
        "second",
        ["auxiliary.weight"],
    )
    applied = {body.request_id: {k.name: k.value for k in body.knobs} for _, body in run.reporter.bodies(KnobApplied)}
    assert applied == {"first": {"r1.weight": 5.0}, "second": {"auxiliary.weight": 4.0}}


def test_a_refused_wish_does_not_supersede_an_allowed_one(bench, images):
    run = bench.run(images, at={2: [knobs("good", auxiliary__weight=3.0), knobs("bad", auxiliary__weight=-1.0)]})
    assert [body.request_id for _, body in run.reporter.bodies(KnobApplied)] == ["good"]
    assert [body.request_id for _, body in run.reporter.bodies(KnobRefused)] == ["bad"]


def test_every_attribute_has_a_weight_of_its_own(bench, images):
    run = bench.run(images, at={3: [knobs("k", auxiliary__weights__hair=0.0)]})
    report = {name: run.reporter.series(name) for name in ("loss.g.auxiliary", "samples.eyes.loss")}
    assert report["loss.g.auxiliary"][5] == report["samples.eyes.loss"][5]


def test_stop_ends_the_run_with_a_checkpoint_and_says_who(bench, points):
    run = bench.run(points, at={4: [command("stop")]})
    [(step, status)] = run.reporter.bodies(RunStatus)[-1:]
    assert (step, status.status, status.reason) == (4, "stopped", "stopped by ada")
    [(at, written)] = run.reporter.bodies(CheckpointWritten)
    assert (at, written.reason) == (4, "stop")
    assert max(run.reporter.series("loss.d")) == 4


def test_a_checkpoint_is_answered_when_it_is_written(bench, points):
    run = bench.run(points, at={4: [command("checkpoint")]})
    [(_, answer)] = run.reporter.bodies(CommandApplied)
    assert answer.result["step"] == 4
    assert answer.result["name"] in bench.store


def test_a_checkpoint_that_cannot_be_written_is_refused_and_the_run_goes_on(bench, points):
    def full(name, content):
        raise OSError(28, "No space left on device")

    attempt = bench.attempt(points, at={4: [command("checkpoint")]})
    bench.store.put = full
    attempt.run()
    [(_, answer)] = attempt.reporter.bodies(CommandRefused)
    assert "No space left on device" in answer.reason
    assert attempt.reporter.bodies(RunStatus)[-1][1].status == "finished"


def test_commands_that_make_no_sense_now_are_refused_with_the_reason(bench, points):
    run = bench.run(points, at={1: [command("resume", "r")], 2: [command("step", "s")]})
    reasons = {body.request_id: body.reason for _, body in run.reporter.bodies(CommandRefused)}
    assert reasons == {"r": "the run is not paused", "s": "step needs a paused run: pause it first"}


def test_step_takes_as_many_steps_as_asked_and_pauses_again(bench, points):
    run = bench.run(points, at={2: [command("pause")], 3: [command("step", "s", n=3)], 12: [command("resume", "r")]})
    paused_at = [step for step, body in run.reporter.bodies(RunStatus) if body.status == "paused"]
    assert paused_at == [2, 5]
    assert max(run.reporter.series("loss.d")) == 12


def test_hand_back_ends_at_the_next_boundary(bench, points):
    attempt = bench.attempt(points)
    attempt.control.hand_back()
    assert attempt.run() == "hand-back"
    assert attempt.reporter.bodies(RunStatus)[-1][1].status == "queued"


SMOOTHED = [{"name": "label_smoothing"}]


def test_a_pair_of_knobs_that_bound_each_other_may_be_asked_in_any_order(bench, points):
    asked = [
        knobs("up", label_smoothing__low=0.95, label_smoothing__high=1.0),
        knobs("down", label_smoothing__high=0.5, label_smoothing__low=0.3),
    ]
    run = bench.run({**points, "regularisers": SMOOTHED}, at={2: asked[:1], 4: asked[1:]})
    assert [body.request_id for _, body in run.reporter.bodies(KnobApplied)] == ["up", "down"]
    assert run._board.values()["label_smoothing.high"] == 0.5


def test_what_only_the_component_knows_to_be_too_much_is_refused_and_the_run_goes_on(bench, images):
    spec = {**images, "regularisers": [{"name": "spectral_regularisation", "form": "project"}]}
    run = bench.run(spec, at={2: [knobs("k", spectral_regularisation__i=60_000, spectral_regularisation__every=3)]})
    [(_, refused)] = run.reporter.bodies(KnobRefused)
    assert "it must be at most" in refused.reason
    assert run._board.values()["spectral_regularisation.every"] == 5
    assert max(run.reporter.series("loss.d")) == images["steps"]
