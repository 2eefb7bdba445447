import math

import numpy as np
import pytest
import torch

from tests.worker.monitors.test_hessian import in_float64
from tests.worker.monitors.toys import dirac_run
from worker import monitors


def look(run, **params):
    measurement = monitors.family.create("game_jacobian", params).measure(run.view())
    [body] = measurement.eigenvalues
    return measurement.scalars, body


def test_the_circling_game_has_one_imaginary_pair():
    """L_G = -ψ θ and L_D = ψ θ, as wasserstein on dirac: ±i."""
    run = dirac_run()
    view = run.view()
    theta, psi = run.G.theta, run.D.psi
    view.own_losses = lambda: {"G": -(psi * theta).sum(), "D": (psi * theta).sum()}
    measurement = monitors.family.create("game_jacobian", {}).measure(view)
    [body] = measurement.eigenvalues
    assert body.real == pytest.approx([0, 0], abs=1e-7)
    assert body.imaginary == pytest.approx([1, -1])
    expected = {"radius": 1, "real.least": 0, "imaginary": 1, "residual": 0, "products": 2}
    assert measurement.scalars == {
        f"game_jacobian.{name}": pytest.approx(value, abs=1e-7) for name, value in expected.items()
    }


def test_eigenvalues_are_numpy_s_of_the_dense_jacobian():
    run = in_float64()
    view = run.view()
    players = [run.G, run.D]
    weights = [weight for player in players for weight in player.parameters()]
    losses = view.own_losses()
    rows = []
    for player, loss in zip(players, (losses["G"], losses["D"]), strict=True):
        gradient = torch.autograd.grad(loss, list(player.parameters()), create_graph=True)
        for element in torch.cat([part.flatten() for part in gradient]):
            row = torch.autograd.grad(element, weights, retain_graph=True, materialize_grads=True)
            rows.append(torch.cat([part.flatten() for part in row]))
    exact = np.linalg.eigvals(torch.stack(rows).numpy())
    exact = exact[np.argsort(-np.abs(exact))]
    scalars, body = look(run, k=3, products=len(weights) * 40)
    assert abs(complex(body.real[0], body.imaginary[0])) == pytest.approx(abs(exact[0]), rel=1e-2)
    for real, imaginary in zip(body.real, body.imaginary, strict=True):
        assert np.abs(exact - complex(real, imaginary)).min() < 0.03 * abs(exact[0])
    assert scalars["game_jacobian.radius"] == pytest.approx(abs(exact[0]), rel=1e-2)
    assert scalars["game_jacobian.residual"] <= 0.02


def test_what_has_not_settled_is_left_out():
    run = in_float64()
    scalars, body = look(run, k=10, products=10)
    assert scalars["game_jacobian.residual"] > 0.02
    assert len(body.real) < 10
    assert body.products == scalars["game_jacobian.products"] == 10


def test_nan_weights_give_nan():
    run = in_float64()
    with torch.no_grad():
        run.D.logit.weight.fill_(math.nan)
    scalars, body = look(run, k=2)
    assert math.isnan(scalars["game_jacobian.radius"])
    assert [math.isnan(value) for value in (*body.real, *body.imaginary)] == [True] * 4
