"""The game L = x y from specs: last and average iterates after 2,000 steps, to the digits of a table.

min over x, max over y, from (1, 1), step 0.1; here x = θ and y = -ψ. The table was computed in float64 apart from this
code. Weights are float32: a step rounds each number by at most 6e-8 of itself, and no scheme here amplifies that more
than its own distances, so that 2,000 steps leave the distance right to 2,000 · 6e-8 = 1.2e-4 of itself at the worst,
and to about 3e-6 when roundings are independent: three digits hold, and the fourth where it is not on an edge. Averages
of the cycling schemes are small differences of large sums; theirs are right to 2e-6 of the circle's radius.
"""

import math

import pytest

from contract.resolve import InvalidSpec, resolve
from contract.spec import RunSpec
from worker.catalogue import build_catalogue
from worker.training.step import train_step

ETA, STEPS = 0.1, 2000
SIMULTANEOUS = {"updates": "simultaneous"}


def spec(optimiser, game, theta=1.0, psi=-1.0):
    player = {"name": optimiser, "lr": ETA}
    return {
        "dataset": {"name": "origin"},
        "network": {"name": "dirac", "theta": theta, "psi": psi},
        "loss": {"name": "wasserstein"},
        "optimisers": {"G": player, "D": player},
        "averaging": {"name": "uniform", "start": 1},  # the table's average leaves the start out
        "game": game,
        "monitors": [],
        "steps": STEPS,
        "batch": 1,
    }


def number(player):
    [parameter] = player.parameters()
    return parameter.item()


def play(bench, *described, **start):
    """Both iterates as (x, y)."""
    game = bench.attempt(spec(*described, **start))._game
    for step in range(1, STEPS + 1):
        train_step(game, step)
    average = number(game.averaging.sampler(game.G)), -number(game.averaging.averaged(game.D))
    return (number(game.G), -number(game.D)), average


def digits(n, point):
    """Distance from (0, 0) in n digits."""
    return f"{math.hypot(*point):.{n - 1}e}"


def test_simultaneous_descent_spirals_outwards_and_so_does_its_average(bench):
    last, average = play(bench, "sgd", SIMULTANEOUS)
    assert digits(4, last) == "2.964e+04"
    assert math.hypot(*last) == pytest.approx(math.sqrt(2) * (1 + ETA**2) ** (STEPS / 2), rel=1e-5)
    assert digits(4, average) == "1.489e+02"


def test_alternating_descent_cycles_and_its_average_converges(bench):
    """The table lets x move first. Here y, D's, does: the same game in (y, -x), which is at (1, 1) when x is -1."""
    last, average = play(bench, "sgd", {"updates": "alternating"}, theta=-1.0)
    assert digits(3, last) == "1.37e+00"
    assert digits(2, average) == "6.6e-03"
    x, y = last
    assert x * x + y * y + ETA * x * y == pytest.approx(2 - ETA, rel=1e-5)


def test_alternating_descent_from_the_tables_start_stays_on_the_ellipse_of_who_moves_first(bench):
    """Its invariant is x² + y² + η x y, not minus, since y moves first; and so the last iterate is not the table's."""
    last, average = play(bench, "sgd", {"updates": "alternating"})
    x, y = last
    assert x * x + y * y + ETA * x * y == pytest.approx(2 + ETA, rel=1e-5)
    assert digits(3, last) == "1.46e+00"
    assert digits(2, average) == "6.7e-03"


def test_extragradient_converges(bench):
    last, average = play(bench, "extra_sgd", SIMULTANEOUS)
    assert digits(3, last) == "6.75e-05"
    assert math.hypot(*last) == pytest.approx(math.sqrt(2) * (1 - ETA**2 + ETA**4) ** (STEPS / 2), rel=1e-5)
    assert digits(2, average) == "7.0e-03"


def test_optimism_converges(bench):
    last, average = play(bench, "optimistic_sgd", SIMULTANEOUS)
    assert digits(3, last) == "5.56e-05"
    assert digits(2, average) == "7.1e-03"


def test_players_that_follow_the_leader_keep_within_their_bound(bench):
    """Regret ≤ ‖u - w₁‖²/2η_T + ½ Σ η_(t-1) g_t² for each player and every u, here |u| ≤ 1; so is the average's gap."""
    steps, eta = 500, 0.5
    described = spec("ftrl", SIMULTANEOUS)
    described["optimisers"] = {player: {"name": "ftrl", "lr": eta} for player in "GD"}
    game = bench.attempt(described)._game
    points, sums = [(1.0, 1.0)], [0.0, 0.0]
    for step in range(1, steps):
        x, y = points[-1]
        sums = [sums[0] + y, sums[1] - x]
        points.append((1 - eta / math.sqrt(step) * sums[0], 1 - eta / math.sqrt(step) * sums[1]))
        train_step(game, step)
    assert (number(game.G), -number(game.D)) == pytest.approx(points[-1], abs=1e-4)
    average_gap = sum(abs(math.fsum(column)) for column in zip(*points, strict=True)) / steps
    growth = sum(eta / math.sqrt(max(1, t)) * (x * x + y * y) / 2 for t, (x, y) in enumerate(points))
    assert average_gap <= (2 * 2**2 / 2 * math.sqrt(steps) / eta + growth) / steps


def test_extragradient_with_alternating_updates_is_refused_with_the_reason():
    with pytest.raises(InvalidSpec, match=r"extra_sgd needs game\.updates = simultaneous; this spec has alternating"):
        resolve(RunSpec.model_validate(spec("extra_sgd", {"updates": "alternating"})), build_catalogue())


def test_regret_and_gap_are_on_by_default_in_this_game_and_in_no_other():
    described = {key: value for key, value in spec("sgd", SIMULTANEOUS).items() if key != "monitors"}
    on = {}
    for loss in ("wasserstein", "nonsaturating"):
        resolved = resolve(RunSpec.model_validate({**described, "loss": {"name": loss}}), build_catalogue())
        on[loss] = {monitor.name for monitor in resolved.monitors} & {"regret", "duality_gap"}
    assert on == {"wasserstein": {"regret", "duality_gap"}, "nonsaturating": set()}
