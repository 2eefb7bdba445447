import math

import pytest
import torch

from tests.worker.monitors.test_hessian import dense, in_float64
from worker import monitors


def look(run, **params):
    measurement = monitors.family.create("hessian_density", params).measure(run.view())
    return measurement.scalars, {body.series: body for body in measurement.densities}


@pytest.mark.parametrize("player", ["G", "D"])
def test_trace_and_density_are_those_of_the_dense_hessian(player):
    run = in_float64()
    exact = dense(run, player)
    scalars, bodies = look(run, players=player, probes=16, steps=40)
    name = f"hessian_density.{player.lower()}"
    error = scalars[f"{name}.trace.error"]
    assert scalars[f"{name}.trace"] == pytest.approx(float(exact.sum()), abs=4 * error)
    assert 0 < error < abs(float(exact[-1])) * 3
    at, density = (torch.tensor(part, dtype=torch.float64) for part in (bodies[name].at, bodies[name].density))
    assert float(torch.trapezoid(density, at)) == pytest.approx(1, abs=1e-5)
    assert at[0] < exact[0] < exact[-1] < at[-1]
    mean = float(torch.trapezoid(density * at, at))
    assert mean * len(exact) == pytest.approx(scalars[f"{name}.trace"], rel=1e-3)


def test_error_is_given_at_every_point():
    _, bodies = look(in_float64(), probes=3, steps=10)
    assert {len(part) for body in bodies.values() for part in (body.at, body.density, body.stderr)} == {128}
    assert all(max(body.stderr) > 0 for body in bodies.values())


def test_nan_weights_give_nan():
    run = in_float64()
    with torch.no_grad():
        run.D.logit.weight.fill_(math.nan)
    scalars, bodies = look(run, probes=2, steps=4)
    assert math.isnan(scalars["hessian_density.d.trace"])
    assert all(math.isnan(value) for value in bodies["hessian_density.d"].density)
