import numpy as np
import pytest
import torch

from tests.worker.monitors.toys import dirac_run
from worker import monitors
from worker.networks.dirac import DiracDiscriminator, DiracGenerator


def by_brute_force(theta, psi, radius):
    """max over ψ' of L(θ, ψ') - min over θ' of L(θ', ψ), L = -θ ψ, over 2,001 answers each."""
    answers = np.linspace(-radius, radius, 2001)
    return (-theta * answers).max() - (-answers * psi).min()


def look(run, **params):
    scalars = monitors.family.create("duality_gap", params).measure(run.view()).scalars
    return {name: float(value) for name, value in scalars.items()}


@pytest.mark.parametrize(("theta", "psi"), [(0.5, -0.25), (-2.0, 0.75), (0.0, 3.0)])
@pytest.mark.parametrize("radius", [1.0, 2.5])
def test_gap_is_what_best_answers_would_gain(theta, psi, radius):
    run = dirac_run()
    run.G, run.D = DiracGenerator(theta), DiracDiscriminator(psi)
    expected = pytest.approx(by_brute_force(theta, psi, radius), rel=1e-12)
    assert look(run, radius=radius) == {"duality_gap.last": expected, "duality_gap.average": expected}


def test_it_is_zero_at_the_equilibrium():
    run = dirac_run()
    run.G, run.D = DiracGenerator(0.0), DiracDiscriminator(0.0)
    assert look(run) == {"duality_gap.last": 0, "duality_gap.average": 0}


def test_the_average_is_that_of_the_players_that_averaging_keeps():
    run = dirac_run()
    view = run.view()

    class WithAverages(type(view)):
        averaged_D = property(lambda self: DiracDiscriminator(0.125))

        def generate(self, z, labels):
            return torch.full((len(z), 1), -0.5)

    view.__class__ = WithAverages
    scalars = monitors.family.create("duality_gap", {}).measure(view).scalars
    assert float(scalars["duality_gap.average"]) == 0.625
    assert float(scalars["duality_gap.last"]) == 0.75
