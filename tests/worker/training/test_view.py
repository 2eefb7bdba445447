"""What a look sees of a player's own loss: the training function, on a batch of its own, and nothing is moved by it."""

import pytest
import torch
from torch.testing import assert_close

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
