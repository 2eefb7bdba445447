"""What every averaging must keep to. A new file in worker/averaging is taken up by itself."""

import copy

import pytest
import torch
from torch import nn

from worker import averaging

EVERY_AVERAGING = pytest.mark.parametrize("name", averaging.family.names)


@EVERY_AVERAGING
def test_a_generator_that_stands_still_is_its_own_average(name):
    component = averaging.family.create(name, {})
    generator = nn.Linear(2, 3)
    component.begin(generator, nn.Linear(3, 1))
    for step in range(1, 20):
        component.update(generator, nn.Linear(3, 1), step)
    for mine, average in zip(generator.parameters(), component.sampler(generator).parameters(), strict=True):
        torch.testing.assert_close(average, mine, rtol=1e-6, atol=0)


@EVERY_AVERAGING
def test_averaging_leaves_the_generator_alone(name):
    component = averaging.family.create(name, {})
    generator = nn.Linear(2, 3)
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    component.begin(generator, nn.Linear(3, 1))
    component.update(generator, nn.Linear(3, 1), 1)
    assert all(torch.equal(before[key], value) for key, value in generator.state_dict().items())
    assert all(parameter.requires_grad for parameter in generator.parameters())


ORDERS = pytest.mark.parametrize(
    "order", [torch.contiguous_format, torch.channels_last], ids=["plain", "channels_last"]
)


def convolutional(order=torch.contiguous_format):
    """A player with pictures' weights and batch norm's buffers."""
    player = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 1))
    return player.to(memory_format=order).train()


def train(component, players, steps, seed=0):
    """Random walks of both players; the generator's forward pass moves its statistics."""
    generator = torch.Generator().manual_seed(seed)
    for step in steps:
        with torch.no_grad():
            for player in players:
                player(torch.randn(8, 3, 4, 4, generator=generator))
                for parameter in player.parameters():
                    parameter.add_(torch.randn(parameter.shape, generator=generator), alpha=0.1)
        component.update(*players, step)


def answers(component, players):
    x = torch.randn(8, 3, 4, 4, generator=torch.Generator().manual_seed(9))
    G, D = component.sampler(players[0]), component.averaged(players[1])
    return [each.eval()(x).detach().clone() for each in (G, D)]


@EVERY_AVERAGING
@ORDERS
def test_goes_on_bit_for_bit_from_a_checkpoint(name, order):
    component, players = averaging.family.create(name, {}), (convolutional(order), convolutional(order))
    component.begin(*players)
    train(component, players, range(1, 5))
    saved = {key: value.detach().clone().contiguous() for key, value in component.state_dict().items()}
    resumed, others = averaging.family.create(name, {}), (convolutional(order), convolutional(order))
    resumed.begin(*others)
    for player, other in zip(players, others, strict=True):
        other.load_state_dict(copy.deepcopy(player.state_dict()))
        other.train()
    resumed.load_state_dict(saved)
    train(component, players, range(5, 9), seed=1)
    train(resumed, others, range(5, 9), seed=1)
    for one, other in zip(answers(component, players), answers(resumed, others), strict=True):
        assert torch.equal(one, other)


@EVERY_AVERAGING
def test_what_samples_come_from_works_in_eval_mode_and_wants_no_gradients_of_its_own(name):
    component, players = averaging.family.create(name, {}), (convolutional(), convolutional())
    component.begin(*players)
    train(component, players, range(1, 3))
    for module, own in ((component.sampler(players[0]), players[0]), (component.averaged(players[1]), players[1])):
        assert module is own or not any(parameter.requires_grad for parameter in module.parameters())
    assert all(answer.isfinite().all() for answer in answers(component, players))


@EVERY_AVERAGING
def test_an_average_lies_in_memory_as_its_player_does(name):
    component, players = averaging.family.create(name, {}), (convolutional(torch.channels_last), convolutional())
    component.begin(*players)
    train(component, players, range(1, 3))
    pairs = zip(players[0].parameters(), component.sampler(players[0]).parameters(), strict=True)
    assert all(own.stride() == kept.stride() and own.dtype == kept.dtype for own, kept in pairs)


@EVERY_AVERAGING
def test_an_average_lies_among_the_places_where_its_player_has_been(name):
    """From 0 the player goes to 1 and stays: an average of that is never outside [0, 1], and gets nearer to 1."""
    component, G, D = averaging.family.create(name, {}), nn.Linear(1, 1), nn.Linear(1, 1)
    for player in (G, D):
        nn.init.zeros_(player.weight)
    component.begin(G, D)
    nn.init.ones_(G.weight)
    seen = []
    for step in range(1, 30):
        component.update(G, D, step)
        seen.append(component.sampler(G).weight.item())
    assert 0 < seen[0] <= seen[-1] <= 1
    assert seen == sorted(seen)


@EVERY_AVERAGING
def test_weights_that_are_no_numbers_show(name):
    component, G, D = averaging.family.create(name, {}), nn.Linear(1, 1), nn.Linear(1, 1)
    component.begin(G, D)
    nn.init.constant_(G.weight, float("nan"))
    component.update(G, D, 1)
    assert component.sampler(G).weight.isnan().all()
