import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import parametrizations
from torch.testing import assert_close

from contract.spec import RunSpec
from worker import regularisers
from worker.layers import NoSuchLayer, ParametrisedTwice
from worker.registry import in_words
from worker.regularisers.spectral_regularisation import BeyondRank
from worker.training.game import build
from worker.training.knob_board import KnobBoard, RefusedKnob


def create(**params):
    return regularisers.family.create("spectral_regularisation", params)


def orthonormal(n_rows, n_columns, seed):
    """Columns at right angles, each of length 1."""
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(n_rows, n_columns)))[0]


def matrix(s, n_rows, n_columns, seed=0):
    """A matrix made with these singular values, and no decomposition."""
    U, V = orthonormal(n_rows, len(s), seed), orthonormal(n_columns, len(s), seed + 1)
    return U @ np.diag(np.asarray(s, dtype=np.float64)) @ V.T


def linear(s, n_out=5, n_in=7, seed=0, dtype=torch.float64):
    layer = nn.Linear(n_in, n_out, dtype=dtype)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(matrix(s, n_out, n_in, seed)))
    return layer


def conv(s, seed=0):
    """A convolution whose weight, as the matrix (4, 3 · 2 · 2), has these singular values; float32, as in a run."""
    layer = nn.Conv2d(3, 4, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(matrix(s, 4, 12, seed).reshape(4, 3, 2, 2)))
    return layer


class Discriminator(nn.Module):
    """Two convolutions, one of them transposed, and a linear layer."""

    def __init__(self):
        super().__init__()
        self.down = nn.Sequential(nn.Conv2d(3, 4, 2), nn.ReLU(), nn.ConvTranspose2d(4, 6, 3))
        self.logit = nn.Linear(6, 1)


# --- form project ---


@pytest.mark.parametrize(
    ("params", "lifted"),
    [({}, 2), ({"share": 1.0}, 4), ({"share": 0.1}, 1), ({"i": 3}, 3), ({"i": 1, "share": 1.0}, 1)],
    ids=["half", "all", "at least one", "i", "i before the share"],
)
def test_static_lifts_the_first_and_divides_by_the_largest(params, lifted):
    s = [4.0, 2.0, 1.0, 0.5]
    layer = conv(s)
    bias = layer.bias.clone()
    component = create(every=1, **params)
    component.build(layer)
    component.after_step(layer, 1)
    expected = [1.0] * lifted + [value / 4.0 for value in s[lifted:]]
    np.testing.assert_allclose(layer.weight.detach().reshape(4, 12), matrix(expected, 4, 12), rtol=0, atol=2e-6)
    assert torch.equal(layer.bias, bias)


def test_share_is_floored_as_it_reads():
    component = create(share=0.29)
    assert component.n_lifted(100) == 29
    assert component.n_lifted(99) == 28


def test_dynamic_first_notes_the_spectrum_then_lets_none_fall_and_keeps_the_scale():
    layer = conv([4.0, 2.0, 2.0, 1.0])
    component = create(mode="dynamic", every=1)
    component.build(layer)
    first = layer.weight.detach().clone()
    component.after_step(layer, 1)
    assert torch.equal(layer.weight, first)
    fallen, risen = [8.0, 1.0, 0.8, 0.4], [2.0, 1.6, 0.2, 0.1]
    for s, expected in ((fallen, [8.0, 4.0, 4.0, 2.0]), (risen, [2.0, 1.6, 1.0, 0.5]), (fallen, [8.0, 6.4, 4.0, 2.0])):
        with torch.no_grad():
            layer.weight.copy_(conv(s, seed=5).weight)
        component.after_step(layer, 2)
        np.testing.assert_allclose(layer.weight.detach().reshape(4, 12), matrix(expected, 4, 12, seed=5), atol=1e-5)


def test_dynamic_goes_on_from_its_state():
    layer, component = conv([4.0, 2.0, 2.0, 1.0]), create(mode="dynamic", every=1)
    component.build(layer)
    component.after_step(layer, 1)
    fallen = conv([4.0, 1.0, 1.0, 0.5], seed=3)
    resumed = create(mode="dynamic", every=1)
    resumed.build(fallen)
    resumed.load_state_dict({name: tensor.clone() for name, tensor in component.state_dict().items()})
    resumed.after_step(fallen, 2)
    np.testing.assert_allclose(fallen.weight.detach().reshape(4, 12), matrix([4, 2, 2, 1], 4, 12, seed=3), atol=1e-5)


def test_acts_after_each_of_ds_steps_of_every_nth_step():
    layer, component = conv([4.0, 2.0, 1.0, 0.5]), create(every=3)
    component.build(layer)
    acted = []
    for step in (1, 2, 3, 3, 4, 5, 6):
        with torch.no_grad():
            layer.weight.copy_(conv([4.0, 2.0, 1.0, 0.5]).weight)
        before = layer.weight.clone()
        component.after_step(layer, step)
        acted.append(not torch.equal(layer.weight, before))
    assert acted == [False, False, True, True, False, False, True]


def test_moments_of_the_optimiser_stay_and_so_does_the_order_of_channels_in_memory():
    layer = conv([4.0, 2.0, 1.0, 0.5]).to(memory_format=torch.channels_last)
    adam = torch.optim.Adam(layer.parameters())
    layer(torch.ones(1, 3, 4, 4)).square().sum().backward()
    adam.step()
    moments = {name: value.clone() for name, value in adam.state[layer.weight].items()}
    component = create(every=1)
    component.build(layer)
    component.after_step(layer, 1)
    assert_close(dict(adam.state[layer.weight]), moments, rtol=0, atol=0)
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)
    s = np.linalg.svd(layer.weight.detach().contiguous().reshape(4, 12).double().numpy(), compute_uv=False)
    np.testing.assert_allclose(s[:2], 1, atol=2e-6)


def test_a_transposed_kernel_is_a_matrix_with_its_outputs_in_rows():
    layer = nn.ConvTranspose2d(3, 6, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(matrix([6, 5, 4, 3, 2, 1], 6, 12).reshape(6, 3, 2, 2).swapaxes(0, 1)))
    component = create(every=1)
    component.build(layer)
    component.after_step(layer, 1)
    lifted = layer.weight.detach().numpy().swapaxes(0, 1).reshape(6, 12)
    np.testing.assert_allclose(lifted, matrix([1, 1, 1, 3 / 6, 2 / 6, 1 / 6], 6, 12), atol=2e-6)


def test_behind_spectral_norm_the_trained_weight_is_overwritten_and_the_norm_stays_in_the_pass():
    layer = parametrizations.spectral_norm(conv([4.0, 2.0, 1.0, 0.5]))
    raw = layer.parametrizations.weight.original
    component = create(every=1)
    component.build(layer)
    component.after_step(layer, 1)
    np.testing.assert_allclose(raw.detach().reshape(4, 12), matrix([1, 1, 1 / 4, 1 / 8], 4, 12), atol=2e-6)
    with torch.no_grad():
        raw *= 3
        for _ in range(200):
            layer(torch.zeros(1, 3, 4, 4))
    np.testing.assert_allclose(layer.eval().weight.detach(), raw.detach() / 3, atol=1e-5)


@pytest.mark.parametrize("form", ["project", "reparam"])
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_weight_that_is_not_finite_is_left_for_the_run_to_show(form, bad):
    layer, component = conv([4.0, 2.0, 1.0, 0.5]), create(form=form, every=1)
    component.build(layer)
    weight = next(parameter for name, parameter in layer.named_parameters() if "bias" not in name)
    with torch.no_grad():
        weight[0, 0, 0, 0] = bad
    before = {name: tensor.clone() for name, tensor in layer.state_dict().items()}
    component.after_step(layer, 1)
    assert_close(dict(layer.state_dict()), before, rtol=0, atol=0, equal_nan=True)


# --- form reparam ---


def values_and_vectors(layer):
    """The original weight, and the vectors that the parametrisation holds fixed."""
    part = layer.parametrizations.weight[0]
    return layer.parametrizations.weight.original, part.left, part.right


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"i": 1}, [1, 0.75, 0.5, 0.25, 0.125]),
        ({"i": 3}, [1, 1, 1, 0.25, 0.125]),
        ({"share": 0.5}, [1, 1, 0.5, 0.25, 0.125]),
    ],
)
def test_reparam_computes_with_lifted_singular_values_and_trains_the_raw_weight(params, expected):
    s = [8.0, 6.0, 4.0, 2.0, 1.0]
    layer = linear(s)
    create(form="reparam", layers="all", **params).build(layer)
    np.testing.assert_allclose(layer.weight.detach(), matrix(expected, 5, 7), atol=1e-12)
    assert [name for name, _ in layer.named_parameters()] == ["bias", "parametrizations.weight.original"]
    np.testing.assert_allclose(layer.parametrizations.weight.original.detach(), matrix(s, 5, 7), atol=1e-12)


def random_layer():
    torch.manual_seed(11)
    layer = nn.Linear(7, 5, dtype=torch.float64)
    create(form="reparam", layers="all", i=3).build(layer)
    return layer


def test_gradient_of_reparam_is_the_papers_closed_formula():
    """All of ∂W_SR/∂W, 35 × 35, for a random 5 × 7 matrix and i = 3; U and V by another library."""
    layer = random_layer()
    W = layer.parametrizations.weight.original.detach().numpy()
    U, s, Vt = np.linalg.svd(W, full_matrices=False)
    leading = [np.outer(U[:, k], Vt[k]) for k in range(3)]
    lift = sum((s[0] - s[k]) * leading[k] for k in range(3))
    for a in range(5):
        for b in range(7):
            E = np.zeros((5, 7))
            E[a, b] = 1
            spread = sum((leading[0][a, b] - leading[k][a, b]) * leading[k] for k in (1, 2))
            expected = (E - (W / s[0] + lift / s[0]) * leading[0][a, b] + spread) / s[0]
            direction = torch.from_numpy(E)
            part = layer.parametrizations.weight[0]
            _, got = torch.autograd.functional.jvp(part, torch.from_numpy(W), direction)
            np.testing.assert_allclose(got, expected, rtol=0, atol=1e-12)


def test_gradient_of_reparam_is_the_slope_with_the_vectors_held_fixed():
    layer = random_layer()
    original, left, right = values_and_vectors(layer)
    W, U, Vt = original.detach().numpy().copy(), left.numpy().copy(), right.numpy().copy()
    weights_of_sum = np.random.default_rng(1).normal(size=(5, 7))

    def value(W):
        """Σ c ⊙ W_SR, written out with NumPy."""
        s = [U[:, k] @ W @ Vt[k] for k in range(3)]
        lifted = W + sum((s[0] - s[k]) * np.outer(U[:, k], Vt[k]) for k in range(3))
        return (weights_of_sum * lifted / s[0]).sum()

    (layer.weight * torch.from_numpy(weights_of_sum)).sum().backward()
    slope = np.zeros((5, 7))
    for a, b in np.ndindex(5, 7):
        step = np.zeros((5, 7))
        step[a, b] = 1e-6
        slope[a, b] = (value(W + step) - value(W - step)) / 2e-6
    np.testing.assert_allclose(original.grad, slope, rtol=0, atol=1e-8)  # central differences: 1e-6² and 1e-16/1e-6


def test_reparam_finds_its_vectors_anew_every_nth_step_and_never_in_a_pass():
    layer, component = linear([8.0, 6.0, 4.0, 2.0, 1.0]), create(form="reparam", layers="all", every=2, i=2)
    component.build(layer)
    original = layer.parametrizations.weight.original
    with torch.no_grad():
        original.copy_(torch.from_numpy(matrix([5.0, 3.0, 2.0, 1.0, 0.5], 5, 7, seed=4)))
    stale = layer.weight.detach().clone()
    layer(torch.zeros(1, 7, dtype=torch.float64))
    component.after_step(layer, 1)
    assert torch.equal(layer.weight, stale)
    assert np.linalg.svd(stale.numpy(), compute_uv=False)[0] > 1.1
    component.after_step(layer, 2)
    np.testing.assert_allclose(layer.weight.detach(), matrix([1, 1, 0.4, 0.2, 0.1], 5, 7, seed=4), atol=1e-12)


def test_dynamic_reparam_keeps_the_largest_share_of_each_singular_value():
    layer, component = linear([8.0, 6.0, 4.0, 2.0, 1.0]), create(form="reparam", mode="dynamic", layers="all", every=1)
    component.build(layer)
    np.testing.assert_allclose(layer.weight.detach(), matrix([1, 0.75, 0.5, 0.25, 0.125], 5, 7), atol=1e-12)
    with torch.no_grad():
        layer.parametrizations.weight.original.copy_(torch.from_numpy(matrix([4, 3.6, 1, 0.8, 0.1], 5, 7, seed=6)))
    component.after_step(layer, 1)
    np.testing.assert_allclose(layer.weight.detach(), matrix([1, 0.9, 0.5, 0.25, 0.125], 5, 7, seed=6), atol=1e-12)
    other = linear([1.0, 1.0, 1.0, 1.0, 1.0])
    create(form="reparam", mode="dynamic", layers="all").build(other)
    other.load_state_dict(layer.state_dict())
    assert torch.equal(other.weight, layer.weight)


def test_dynamic_reparam_has_the_slope_of_its_formula():
    layer = linear([8.0, 6.0, 4.0, 2.0, 1.0])
    create(form="reparam", mode="dynamic", layers="all").build(layer)
    original, left, right = values_and_vectors(layer)
    W, U, Vt = original.detach().numpy().copy(), left.numpy().copy(), right.numpy().copy()
    gamma, c = [1, 0.75, 0.5, 0.25, 0.125], np.random.default_rng(2).normal(size=(5, 7))

    def value(W):
        s = [U[:, k] @ W @ Vt[k] for k in range(5)]
        lifted = W + sum((gamma[k] * s[0] - s[k]) * np.outer(U[:, k], Vt[k]) for k in range(5))
        return (c * lifted / s[0]).sum()

    (layer.weight * torch.from_numpy(c)).sum().backward()
    step = np.random.default_rng(3).normal(size=(5, 7)) * 1e-6
    expected = (value(W + step) - value(W - step)) / 2
    np.testing.assert_allclose((original.grad.numpy() * step).sum(), expected, rtol=1e-6)


def test_reparam_keeps_the_order_of_channels_in_memory():
    layer, component = conv([4.0, 2.0, 1.0, 0.5]).to(memory_format=torch.channels_last), create(form="reparam")
    component.build(layer)
    assert layer.weight.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("kind", ["conv", "transposed"])
def test_reparam_of_a_kernel_is_that_of_its_matrix(kind):
    layer = nn.Conv2d(3, 6, 2) if kind == "conv" else nn.ConvTranspose2d(3, 6, 2)
    rows = matrix([6, 5, 4, 3, 2, 1], 6, 12).reshape(6, 3, 2, 2)
    with torch.no_grad():
        layer.weight.copy_(torch.from_numpy(rows if kind == "conv" else rows.swapaxes(0, 1)))
    create(form="reparam").build(layer)
    weight = layer.weight.detach().numpy()
    lifted = (weight if kind == "conv" else weight.swapaxes(0, 1)).reshape(6, 12)
    np.testing.assert_allclose(lifted, matrix([1, 1, 1, 3 / 6, 2 / 6, 1 / 6], 6, 12), atol=2e-6)


# --- which layers, and knobs ---


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        ("convolutions", ["down.0", "down.2"]),
        ("all", ["down.0", "down.2", "logit"]),
        (["logit", "down.2"], ["down.2", "logit"]),
    ],
    ids=["convolutions", "all", "names"],
)
@pytest.mark.parametrize("form", ["project", "reparam"])
def test_acts_on_the_chosen_layers_alone(layers, expected, form):
    player = Discriminator()
    before = {name: layer.weight.detach().clone() for name, layer in player.named_modules() if hasattr(layer, "weight")}
    component = create(layers=layers, form=form, every=1)
    component.build(player)
    component.after_step(player, 1)
    changed = [name for name, weight in before.items() if not torch.equal(player.get_submodule(name).weight, weight)]
    assert changed == expected


def test_unknown_names_are_refused_with_those_there_are():
    with pytest.raises(NoSuchLayer, match=r"no layer called 'up', 'down\.1'; it has down\.0, down\.2, logit"):
        create(layers=["down.0", "up", "down.1"]).build(Discriminator())


def test_a_player_without_convolutions_has_its_linear_layers_lifted():
    layer = nn.Linear(3, 3)
    component = create(every=1)
    component.build(nn.Sequential(layer))
    component.after_step(nn.Sequential(layer), 1)
    assert component.n_lifted(3) == 1
    torch.testing.assert_close(torch.linalg.svdvals(layer.weight)[0], torch.tensor(1.0))


def test_a_player_without_layers_is_refused_in_words():
    with pytest.raises(NoSuchLayer, match="found no linear or convolutional layer in D"):
        create().build(nn.ReLU())


def test_a_layer_of_one_singular_value_sets_no_bound():
    player = nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 1))
    component = create(i=3, layers="all", every=1)
    component.build(player)
    component.after_step(player, 1)
    assert (torch.linalg.svdvals(player[0].weight)[:3] - 1).abs().max() < 1e-5
    with pytest.raises(ValueError, match="at most 4"):
        component.params.i = 5


def test_i_above_the_smallest_rank_is_refused_with_the_bound_and_the_layer():
    player = Discriminator()
    with pytest.raises(BeyondRank, match=r"i = 5: it must be at most 4, .* layer 'down\.0'"):
        create(i=5, form="reparam").build(player)
    assert [name for name, _ in player.named_parameters() if "original" in name] == []
    create(i=4).build(player)


def test_live_i_above_the_smallest_rank_is_refused_and_the_old_one_stays_in_force():
    component = create(every=1)
    component.build(Discriminator())
    with pytest.raises(ValueError, match="at most 4") as refusal:
        component.params.i = 5
    assert in_words(refusal.value).startswith(
        "i: it must be at most 4, the number of singular values of layer 'down.0'"
    )
    assert component.params.i == 0
    component.params.share = 0.25
    component.params.i = 4
    assert component.n_lifted(4) == 4


def test_a_running_game_refuses_it_together_with_all_that_was_asked_beside_it(tmp_path):
    spec = {
        "dataset": {"name": "ring"},
        "network": {"name": "mlp", "discriminator_layers": 1, "discriminator_width": 8},
        "loss": {"name": "hinge"},
        "regularisers": [{"name": "spectral_regularisation", "layers": ["hidden.0"], "i": 1}],
        "monitors": [],
        "device": "cpu",
    }
    board = KnobBoard(build(RunSpec.model_validate(spec), tmp_path))
    before = board.values()
    with pytest.raises(RefusedKnob, match=r"at most 2, .* layer 'hidden\.0'"):
        board.set({"spectral_regularisation.share": 0.75, "spectral_regularisation.i": 3})
    assert board.values() == before


@pytest.mark.parametrize("form", ["project", "reparam"])
def test_knobs_turn_it_while_it_goes_on(form):
    layer, component = conv([4.0, 2.0, 1.0, 0.5]), create(form=form, every=1, i=1)
    component.build(layer)
    component.params.i = 3
    component.after_step(layer, 1)
    np.testing.assert_allclose(layer.weight.detach().reshape(4, 12), matrix([1, 1, 1, 1 / 8], 4, 12), atol=2e-6)


def test_a_copy_of_d_follows_the_knobs_too():
    layer, component = conv([4.0, 2.0, 1.0, 0.5]), create(form="reparam", i=1)
    component.build(layer)
    average = copy.deepcopy(layer)
    component.params.i = 3
    np.testing.assert_allclose(average.weight.detach().reshape(4, 12), matrix([1, 1, 1, 1 / 8], 4, 12), atol=2e-6)


@pytest.mark.parametrize("first", ["spectral_norm", "spectral_regularisation"])
def test_reparam_beside_spectral_norm_is_refused_in_either_order(first):
    parts = [regularisers.family.create("spectral_norm", {}), create(form="reparam")]
    if first == "spectral_regularisation":
        parts.reverse()
    layer = conv([4.0, 2.0, 1.0, 0.5])
    parts[0].build(layer)
    with pytest.raises(ParametrisedTwice, match="form 'project', which works beside spectral_norm"):
        parts[1].build(layer)
