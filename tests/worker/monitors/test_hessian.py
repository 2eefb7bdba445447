"""The monitor against the dense Hessian of the toy players' own losses; tracking; what it keeps; what is no number."""

import math

import pytest
import torch
from torch.autograd.functional import hessian

from tests.worker.monitors.toys import dirac_run, toy_run
from worker import monitors
from worker.curvature.lanczos import extremes
from worker.registry import InvalidParams


def dense(run, player, step=1, only=None):
    """Eigenvalues, ascending, of the Hessian of the view's own loss, by torch's own; `only`: of these weights."""
    view, module = run.view(step), run.G if player == "G" else run.D
    weights = {name: w for name, w in module.named_parameters() if only is None or name.startswith(only)}
    flat = torch.cat([weight.detach().flatten() for weight in weights.values()])

    def loss(flat):
        pieces = flat.split([weight.numel() for weight in weights.values()])
        shaped = {name: piece.view(w.shape) for (name, w), piece in zip(weights.items(), pieces, strict=True)}
        return view.own_loss(player, shaped)

    return torch.linalg.eigvalsh(hessian(loss, flat).double())


def in_float64():
    """A toy run whose look is right to more than float32."""
    run = toy_run((2,))
    run.G.double()
    run.D.double()
    run.dataset.samples = run.dataset.samples.double()
    return run


def look(monitor, run, step=1):
    measurement = monitor.measure(run.view(step))
    return measurement.scalars, {body.series: body for body in measurement.eigenvalues}


@pytest.mark.parametrize("player", ["G", "D"])
def test_both_ends_are_those_of_the_dense_hessian(player):
    run = in_float64()
    exact = dense(run, player)
    scalars, bodies = look(monitors.family.create("hessian", {"k": 3, "bottom": 2}), run)
    name = f"hessian.{player.lower()}"
    assert scalars[f"{name}.top"] == pytest.approx(float(exact[-1]), rel=1e-3)
    assert scalars[f"{name}.bottom"] == pytest.approx(float(exact[0]), rel=1e-3)
    body = bodies[f"{name}.eigenvalues"]
    assert body.real == pytest.approx([*exact[-3:].flip(0).tolist(), *exact[:2].tolist()], rel=1e-3)
    assert body.products == scalars[f"{name}.products"]
    relative = [residual / abs(value) for residual, value in zip(body.residuals, body.real, strict=True)]
    assert scalars[f"{name}.residual"] == pytest.approx(max(relative), rel=1e-6)
    assert max(relative) <= 0.01


def test_a_block_is_the_hessian_in_its_weights_alone():
    run = in_float64()
    monitor = monitors.family.create("hessian", {"k": 2, "blocks": ["G.layers.4", "D.logit"]})
    scalars, _ = look(monitor, run)
    for block, player, only in (("G.layers.4", "G", "layers.4."), ("D.logit", "D", "logit.")):
        exact = dense(run, player, only=only)
        assert scalars[f"hessian.{block}.top"] == pytest.approx(float(exact[-1]), rel=1e-3)
    announced = {series.name for series in monitor.series}
    assert set(scalars) <= announced
    assert "hessian.D.logit.eigenvalues" in announced
    assert len(type(monitor).series) == 12


def test_a_second_look_starts_from_the_first_and_finds_the_same():
    run = in_float64()
    cold, tracking = (monitors.family.create("hessian", {"k": 3, "fresh": 10}) for _ in range(2))
    look(tracking, run, 1)
    first, _ = look(cold, run, 2)
    second, _ = look(tracking, run, 2)
    assert second["hessian.g.top"] == pytest.approx(first["hessian.g.top"], rel=1e-3)
    assert math.isnan(first["hessian.g.angle"])
    assert second["hessian.g.angle"] < 5


@pytest.mark.parametrize(("fresh", "cold"), [(1, [1, 2, 3, 4]), (3, [1, 4])])
def test_every_so_many_looks_one_starts_from_nothing(monkeypatch, fresh, cold):
    run, starts, step = in_float64(), {}, 0

    def noted(*args, start, **options):
        starts[step] = start
        return extremes(*args, start=start, **options)

    monkeypatch.setattr("worker.monitors.hessian.extremes", noted)
    monitor = monitors.family.create("hessian", {"k": 3, "players": "G", "fresh": fresh})
    for step in range(1, 5):
        found = look(monitor, run, step)[0]
        assert found["hessian.g.top"] == pytest.approx(float(dense(run, "G")[-1]), rel=1e-3)
    assert [step for step, start in starts.items() if start is None] == cold


def test_a_restored_monitor_goes_on_as_the_other_would_have():
    run = toy_run((2,))
    one, other = (monitors.family.create("hessian", {"k": 2, "fresh": 10}) for _ in range(2))
    said = look(one, run, 7)
    other.load_state_dict(one.state_dict())
    assert all(not vectors.dtype.is_floating_point or vectors.is_contiguous() for vectors in one.state_dict().values())
    assert one.state_dict()["vectors.g"].dtype == torch.float32
    repeated = look(other, run, 7)
    assert (repeated[0].keys(), repeated[1]) == (said[0].keys(), said[1])
    assert repeated[0]["hessian.d.top"] == said[0]["hessian.d.top"]
    with torch.no_grad():
        run.G.layers[0].weight.add_(0.01)
    assert look(other, run, 8)[1] == look(one, run, 8)[1]


def test_a_pair_that_has_not_settled_is_said_to_be_so():
    run = in_float64()
    monitor = monitors.family.create("hessian", {"k": 3, "players": "G"})
    monitor.params = monitor.params.model_copy(update={"products": 5})
    scalars, bodies = look(monitor, run)
    assert math.isnan(scalars["hessian.g.bottom"]) or math.isnan(scalars["hessian.g.top"])
    assert scalars["hessian.g.residual"] > 0.01
    assert len(bodies["hessian.g.eigenvalues"].real) < 4
    assert not any(name.startswith("hessian.d") for name in scalars)


def test_nan_weights_give_nan_and_the_next_look_is_sound():
    run = in_float64()
    monitor = monitors.family.create("hessian", {"k": 2})
    look(monitor, run, 1)
    kept = run.G.layers[0].bias.detach().clone()
    with torch.no_grad():
        run.G.layers[0].bias.fill_(math.nan)
    scalars, bodies = look(monitor, run, 2)
    assert math.isnan(scalars["hessian.g.top"])
    assert all(math.isnan(value) for value in bodies["hessian.g.eigenvalues"].real)
    assert len(bodies["hessian.g.eigenvalues"].real) == 3
    with torch.no_grad():
        run.G.layers[0].bias.copy_(kept)
    assert look(monitor, run, 3)[0]["hessian.g.top"] == pytest.approx(float(dense(run, "G")[-1]), rel=1e-3)


def test_one_weight_s_curvature_by_hand():
    """L_G = softplus(-ψ θ) has ψ² s(1 - s), s the logistic function of ψ θ."""
    run = dirac_run()
    scalars, _ = look(monitors.family.create("hessian", {"players": "G"}), run)
    s = 1 / (1 + math.exp(-0.5 * -0.25))
    assert scalars["hessian.g.top"] == pytest.approx(0.25**2 * s * (1 - s), rel=1e-5)


def test_a_block_that_no_player_has_is_said_at_the_start_with_those_there_are():
    run = toy_run((2,))
    monitor = monitors.family.create("hessian", {"blocks": ["G.nope"]})
    with pytest.raises(InvalidParams, match=r"no block is called G\.nope; there are G\.\w"):
        monitor.series_of(run.dataset, run.G, run.D)
