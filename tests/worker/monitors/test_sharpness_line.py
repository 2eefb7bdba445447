import math

import pytest
import torch
from torch.func import functional_call

from tests.worker.monitors.test_hessian import in_float64
from tests.worker.monitors.toys import toy_run
from worker import monitors
from worker.curvature.line import filter_normalised


def look(run, **params):
    return monitors.family.create("sharpness_line", params).measure(run.view()).scalars


def test_rise_is_that_of_the_loss_at_both_ends_of_the_same_lines():
    run = in_float64()
    view = run.view()
    scalars = look(run, players="G", radius=0.5, lines=3)
    here, rises = view.own_loss("G").item(), []
    for _ in range(3):
        direction = filter_normalised(run.G, view.fixed)
        ends = [
            view.own_loss("G", {name: w + sign * direction[name] / 2 for name, w in run.G.named_parameters()}).item()
            for sign in (1, -1)
        ]
        rises.append(sum(ends) / 2 - here)
    rises = torch.tensor(rises, dtype=torch.float64)
    assert scalars == {
        "sharpness_line.g.loss": pytest.approx(here, rel=1e-9),
        "sharpness_line.g.rise": pytest.approx(float(rises.mean()), rel=1e-6),
        "sharpness_line.g.rise.error": pytest.approx(float(rises.std()) / math.sqrt(3), rel=1e-6),
    }


def test_scaling_layers_against_each_other_changes_nothing():
    """ReLU(c W₁ x) W₂ / c is the same function; its Hessian is another, its rise along these lines is not."""
    scalars = []
    for factor in (1.0, 8.0):
        torch.manual_seed(0)
        run = in_float64()
        run.G = torch.nn.Sequential(
            torch.nn.Linear(5, 8, bias=False), torch.nn.ReLU(), torch.nn.Linear(8, 2, bias=False)
        ).double()
        with torch.no_grad():
            run.G[0].weight.mul_(factor)
            run.G[2].weight.div_(factor)
        view = run.view()
        module = run.G
        view.own_loss = lambda player, parameters=None, module=module: (
            functional_call(module, parameters or {}, (torch.ones(4, 5, dtype=torch.float64),)).square().mean()
        )
        scalars.append(monitors.family.create("sharpness_line", {"players": "G"}).measure(view).scalars)
    assert scalars[0]["sharpness_line.g.rise"] != 0
    assert scalars[1] == {name: pytest.approx(value, rel=1e-9) for name, value in scalars[0].items()}


def test_both_players_each_with_an_error():
    scalars = look(toy_run((2,)))
    assert len(scalars) == 6
    assert scalars["sharpness_line.d.rise.error"] > 0


def test_nan_weights_give_nan():
    run = in_float64()
    with torch.no_grad():
        run.D.logit.weight.fill_(math.nan)
    assert all(math.isnan(value) for value in look(run).values())
