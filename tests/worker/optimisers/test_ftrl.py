import numpy as np
import torch
from torch import nn

from contract.knobs import knobs_of
from tests.worker.optimisers.by_hand import GRADIENTS, feed
from worker import optimisers


def made(start=(0.0, 0.0, 0.0), **params):
    component = optimisers.family.create("ftrl", params)
    weight = nn.Parameter(torch.tensor(start, dtype=torch.float64))
    return component, component.build([weight]), weight


def test_goes_to_the_minimiser_of_all_linearised_losses_plus_the_distance():
    """argmin_w Σ <g, w> + ‖w - w₁‖² √t / 2η, found by least squares rather than by the closed form."""
    component, optimiser, weight = made((1.0, -1.0, 0.5), lr=0.2)
    moved = feed(component, weight, optimiser, GRADIENTS)
    start, total, bend = np.array([1.0, -1.0, 0.5]), sum(GRADIENTS), np.sqrt(len(GRADIENTS)) / 0.2

    def objective(w):
        return total @ w + bend / 2 * ((w - start) ** 2).sum()

    best = objective(moved)
    rng = np.random.default_rng(0)
    for size in (1e-1, 1e-3):
        assert all(objective(moved + size * rng.normal(size=3)) > best for _ in range(50))


def test_constant_steps_are_gradient_descent():
    moved = {}
    for name, params in (("ftrl", {"steps": "constant"}), ("sgd", {})):
        component = optimisers.family.create(name, {"lr": 0.1, **params})
        weight = nn.Parameter(torch.tensor([1.0, -1.0, 0.0]))
        moved[name] = feed(component, weight, component.build([weight]), GRADIENTS)
    np.testing.assert_allclose(moved["ftrl"], moved["sgd"], rtol=1e-6, atol=1e-7)


def test_a_new_rate_starts_anew_from_the_present_point():
    component, optimiser, weight = made(lr=0.2)
    there = feed(component, weight, optimiser, GRADIENTS[:2]).copy()
    component.params.lr = 0.5
    moved = feed(component, weight, optimiser, GRADIENTS[2:])
    np.testing.assert_allclose(moved, there - 0.5 / np.sqrt(2) * (GRADIENTS[2] + GRADIENTS[3]), rtol=1e-12)


def test_the_knob_says_what_a_change_throws_away():
    schema = optimisers.family.find("ftrl").Params.model_json_schema()
    resets = {knob.name: knob.resets for knob in knobs_of("optimiser.g", schema, {})}
    assert resets["optimiser.g.lr"] == "the sum of gradients"
    assert resets["optimiser.g.warmup"] == ""


def test_a_schedule_weighs_gradients_as_they_come_and_moves_nothing_by_itself():
    component, optimiser, weight = made(lr=0.2, steps="constant", decay_from=2, decay_steps=1)
    there = feed(component, weight, optimiser, GRADIENTS[:2], step=2).copy()
    moved = feed(component, weight, optimiser, GRADIENTS[2:], step=3)  # the factor is 0
    np.testing.assert_array_equal(moved, there)


def test_what_moves_weights_from_outside_is_not_undone():
    component, optimiser, weight = made(lr=0.2)
    there = feed(component, weight, optimiser, GRADIENTS[:1]).copy()
    with torch.no_grad():
        weight.add_(7)
    moved = feed(component, weight, optimiser, GRADIENTS[1:2])
    total = GRADIENTS[0] + GRADIENTS[1]
    np.testing.assert_allclose(moved, there + 7 - (0.2 / np.sqrt(2) * total - 0.2 * GRADIENTS[0]), rtol=1e-12)


def test_regret_against_an_adversary_grows_like_the_root_of_the_number_of_rounds():
    """Losses ±w of random sign on [-1, 1]: regret ≤ (1/2η + η) √T holds for radius 1 and |g| ≤ 1."""
    component, optimiser, weight = made((0.0,), lr=0.5)
    signs, paid = np.random.default_rng(3).choice([-1.0, 1.0], 2000), 0.0
    for sign in signs:
        paid += sign * weight.item()
        feed(component, weight, optimiser, [np.array([sign])])
    regret = paid + abs(signs.sum())
    assert regret <= (1 / (2 * 0.5) + 0.5) * np.sqrt(2000)
