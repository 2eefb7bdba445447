"""What a look sees of a player's own loss: the training function, on a batch of its own, and nothing is moved by it."""

from hashlib import sha256

import pytest
import torch
from torch.testing import assert_close

from contract.events import CommandAsked, Density, MonitorDisabled, RunStatus
from contract.jobs import CheckpointRef, Resume
from contract.spec import RunSpec
from worker.training.game import build
from worker.training.undisturbed import undisturbed
from worker.training.view import View


@pytest.fixture
def game(images, tmp_path):
    torch.set_num_threads(1)
    return build(RunSpec.model_validate(images), tmp_path)


def losses(game, step=3):
    with undisturbed([game.G, game.D]):
        view = View(game, "m", step)
        return view.own_loss("G").detach(), view.own_loss("D").detach(), view.own_losses()


def test_own_losses_are_the_same_at_every_look_and_leave_everything_as_it_was(game):
    before = {**game.G.state_dict(), **{f"D.{name}": value for name, value in game.D.state_dict().items()}}
    before = {name: value.clone() for name, value in before.items()}
    drawn = torch.get_rng_state()
    first, second = losses(game), losses(game)
    assert torch.equal(first[0], second[0])
    assert torch.equal(first[1], second[1])
    assert all(torch.equal(first[2][player], second[2][player]) for player in "GD")
    after = {**game.G.state_dict(), **{f"D.{name}": value for name, value in game.D.state_dict().items()}}
    assert len(before) > 20
    assert all(torch.equal(value, after[name]) for name, value in before.items())
    assert torch.equal(drawn, torch.get_rng_state())


def test_both_losses_have_a_graph_to_the_weights_of_both(game):
    both = View(game, "m", 1).own_losses()
    for player in "GD":
        for weights in game.weights.values():
            gradient = torch.autograd.grad(both[player], weights, retain_graph=True, allow_unused=True)
            assert sum(part is not None and bool(part.abs().max() > 0) for part in gradient) > len(weights) / 2


def test_own_loss_is_that_of_training_whatever_the_look_did_before(game):
    with undisturbed([game.G, game.D]):
        view = View(game, "m", 1)
        trained = view.own_loss("G").detach()
        game.G.eval()
        game.D.eval()
        assert torch.equal(view.own_loss("G"), trained)


def test_given_weights_take_the_place_of_the_player_s_own(game):
    view = View(game, "m", 1)
    moved = {name: weight.detach() * 1.5 for name, weight in game.G.named_parameters()}
    given, own = view.own_loss("G", moved).detach(), view.own_loss("G").detach()
    assert float((given - own).abs()) > 1e-3
    with torch.no_grad():
        for weight in game.G.parameters():
            weight.mul_(1.5)
    assert_close(view.own_loss("G").detach(), given)


def test_curvature_is_measured_in_a_run_and_announced(bench, images):
    names = ("hessian", "hessian_density", "game_jacobian", "sharpness_line")
    options = {"hessian": {"blocks": ["D"], "fresh": 3}, "hessian_density": {"probes": 2, "steps": 4}}
    spec = {**images, "steps": 2, "monitors": [{"name": name, **options.get(name, {})} for name in names]}
    run = bench.run(spec)
    assert run.reporter.bodies(MonitorDisabled) == []
    assert sorted(run.reporter.series("hessian.g.top")) == [0, 2]
    assert [body.series for _, body in run.reporter.bodies(Density)] == ["hessian_density.g", "hessian_density.d"] * 2
    announced = {info.name for _, body in run.reporter.bodies(RunStatus) for info in body.series or []}
    assert {"hessian.D.top", "game_jacobian.radius", "sharpness_line.d.rise"} <= announced


def test_tracking_goes_on_over_a_stop_as_if_there_had_been_none(bench, points):
    spec = {**points, "steps": 6, "monitors": [{"name": "hessian", "every": 2, "k": 2, "fresh": 10}]}
    straight = bench.run(spec).reporter
    bench.store.clear()
    bench.run(spec, at={4: [CommandAsked(request_id="c", author="test", command="stop")]})
    [(name, content)] = bench.store.items()
    refs = [CheckpointRef(step=4, name=name, sha256=sha256(content).hexdigest())]
    resumed = bench.run(spec, resume=Resume(checkpoints=refs), number=2).reporter
    for series in ("hessian.g.top", "hessian.d.bottom", "hessian.g.products", "hessian.g.angle"):
        assert resumed.series(series)[6] == straight.series(series)[6]
