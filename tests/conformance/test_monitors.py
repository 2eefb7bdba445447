"""What every monitor must keep to: it disturbs nothing, and says what it declares. A new file is taken up by itself."""

from itertools import chain
from pathlib import Path
from typing import get_args

import pytest
import torch

from contract.components import SeriesKind
from tests.worker.monitors.toys import dirac_run, toy_run
from worker import monitors
from worker.training.undisturbed import undisturbed

REPOSITORY = Path(__file__).parents[2]
EVERY_MONITOR = pytest.mark.parametrize("name", monitors.family.names)
SHAPES = {"points": (2,), "image": (3, 4, 4), "scalar": (1,)}
N_STEPS = 40


@pytest.fixture(autouse=True)
def _one_thread():
    """Several threads wait for each other at every small layer, and for whoever else uses the machine."""
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(n_threads)


def run_for(name):
    """A toy run that has all that the monitor needs."""
    needs = monitors.family.find(name).needs
    if needs.get("two_numbers"):
        return dirac_run()
    sample = needs.get("sample", "image")
    conditional = bool(needs.get("auxiliary") or needs.get("labels"))
    shape = SHAPES[sample if isinstance(sample, str) else sample[0]]
    return toy_run(shape, 2 if conditional else 0, conditional=conditional)


def train(name, *, watched):
    """All that 40 steps leave behind, and how often the monitor looked."""
    run, looks = run_for(name), 0
    monitor = monitors.family.create(name, {})
    optimisers = {"G": torch.optim.Adam(run.G.parameters(), 1e-2), "D": torch.optim.Adam(run.D.parameters(), 1e-2)}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        for step in range(N_STEPS):
            run.train(optimisers)
            if watched:
                with undisturbed([run.G, run.D]):
                    monitor.measure(run.view(step))
                looks += 1
        left = {"global randomness": torch.get_rng_state()}
    for letter, player in (("G", run.G), ("D", run.D)):
        left |= {f"{letter}.{key}": value for key, value in player.state_dict().items()}
        left |= {f"{letter}.{key}.grad": value.grad for key, value in player.named_parameters()}
        left[f"{letter} modes"] = torch.tensor([module.training for module in player.modules()])
    return left, looks


@EVERY_MONITOR
def test_looking_changes_nothing(name):
    alone, _ = train(name, watched=False)
    watched, looks = train(name, watched=True)
    assert looks == N_STEPS
    assert alone.keys() == watched.keys()
    assert [key for key, value in alone.items() if not torch.equal(value, watched[key])] == []
    assert len(alone) > (6 if monitors.family.find(name).needs.get("two_numbers") else 20)


def test_the_toy_run_would_show_a_disturbance():
    """A look in training mode, and one at the global randomness, do change what 40 steps leave behind."""
    assert len(_left_after(lambda run: run.G(torch.zeros(4, 5)))) > 5
    assert len(_left_after(lambda run: torch.rand(1))) > 5


def _left_after(disturb):
    """Names of what differs after two steps with a disturbance between them."""
    lefts = []
    for disturbed in (False, True):
        run = toy_run((2,))
        optimisers = {"G": torch.optim.Adam(run.G.parameters()), "D": torch.optim.Adam(run.D.parameters())}
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(3)
            run.train(optimisers)
            if disturbed:
                disturb(run)
            run.train(optimisers)
        lefts.append({**run.G.state_dict(), **{f"D.{key}": value for key, value in run.D.state_dict().items()}})
    return [key for key, value in lefts[0].items() if not torch.equal(value, lefts[1][key])]


def numbers(measurement):
    """Everything in a measurement that could differ."""
    found = {name: torch.as_tensor(value, dtype=torch.float64) for name, value in measurement.scalars.items()}
    found |= {grid.series: grid.samples for grid in measurement.grids}
    for points in measurement.points:
        for part in ("generated", "real", "extent", "field"):
            found[f"{points.series}.{part}"] = torch.tensor(getattr(points, part))
    for body in (*measurement.spectra, *measurement.eigenvalues, *measurement.densities):
        found[body.series] = torch.tensor(
            list(chain(*(part for part in vars(body).values() if isinstance(part, list))))
        )
    return found


@EVERY_MONITOR
def test_the_same_look_gives_the_same_numbers(name):
    run, monitor = run_for(name), monitors.family.create(name, {})
    if not monitor.repeatable:
        pytest.skip("it measures the machine, not the run")
    run.train({"G": torch.optim.Adam(run.G.parameters()), "D": torch.optim.Adam(run.D.parameters())})
    first, second = (numbers(monitor.measure(run.view(5))) for _ in range(2))
    assert first.keys() == second.keys()
    assert all(torch.equal(value.nan_to_num(0), second[key].nan_to_num(0)) for key, value in first.items())
    assert all(torch.equal(value.isnan(), second[key].isnan()) for key, value in first.items())


def declared(monitor, run):
    """Kind → names of the series, with the attributes put in."""
    names = {kind: set() for kind in get_args(SeriesKind)}
    for series in monitor.series_of(run.dataset, run.G, run.D):
        expanded = [series.name.replace("<attribute>", attribute) for attribute in run.dataset.attributes]
        names[series.kind] |= set(expanded) if "<attribute>" in series.name else {series.name}
    return names


def returned(measurement):
    return {
        "scalar": set(measurement.scalars),
        "grid": {grid.series for grid in measurement.grids},
        "points": {points.series for points in measurement.points},
        "spectrum": {spectrum.series for spectrum in measurement.spectra},
        "eigenvalues": {eigenvalues.series for eigenvalues in measurement.eigenvalues},
        "density": {density.series for density in measurement.densities},
    }


@EVERY_MONITOR
def test_it_yields_the_series_that_it_declares(name):
    run = run_for(name)
    run.train({"G": torch.optim.Adam(run.G.parameters()), "D": torch.optim.Adam(run.D.parameters())})
    monitor = monitors.family.create(name, {})
    assert returned(monitor.measure(run.view())) == declared(monitor, run)


@EVERY_MONITOR
def test_players_full_of_nan_are_reported_and_not_hidden(name):
    run = run_for(name)
    for player in (run.G, run.D):
        for parameter in player.parameters():
            torch.nn.init.constant_(parameter, float("nan"))
            parameter.grad = torch.full_like(parameter, float("nan"))
    monitor = monitors.family.create(name, {})
    assert returned(monitor.measure(run.view())) == declared(monitor, run)


@EVERY_MONITOR
def test_it_says_what_it_is(name):
    monitor = monitors.family.find(name)
    assert (REPOSITORY / "frontend" / "charts" / f"{monitor.chart}.js").is_file()
    assert monitor.cost in ("cheap", "moderate", "dear")
    assert monitor.series
    for series in monitor.series:
        assert series.meaning.endswith("."), series.name
        assert series.unit or series.kind == "grid", series.name


@EVERY_MONITOR
def test_interval_is_a_whole_number_of_steps(name):
    params = monitors.family.find(name).Params
    assert isinstance(params().every, int)
    for every in (0, -1):
        with pytest.raises(ValueError, match="every"):
            params(every=every)
