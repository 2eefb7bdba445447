"""What every guard must keep to: it judges what it reads, says what it found, and forgets nothing."""

import math

import pytest
import torch

from contract.components import SeriesDescription
from tests.worker.guards.histories import Ear
from worker import guards
from worker.guards import Clear, Finding, Look, fits
from worker.training.guarding import Guarding
from worker.training.readings import Readings

EVERY_GUARD = pytest.mark.parametrize("name", guards.family.names)
SERIES = (
    "loss.d", "loss.g", "loss.d.adversarial", "loss.g.adversarial", "logit.real", "logit.fake",
    "auxiliary.hair.loss", "samples.hair.loss", "samples.hair.accuracy", "gradient.g.norm", "gradient.d.norm",
    "modes.captured", "diversity.ratio", "spectrum.d.least.effective_rank", "hessian.g.top",
)  # fmt: skip
N_LOOKS = 120
TURN = 60
"""Look at which everything goes wrong."""


def history(seed=1):
    """Sixty healthy looks at every series that a guard of ours reads, then sixty at which all of them have fallen."""
    generator = torch.Generator().manual_seed(seed)
    for number in range(N_LOOKS):
        noise = 1 + 0.05 * torch.rand(len(SERIES), generator=generator, dtype=torch.float64)
        level = torch.full_like(noise, 8.0) if number < TURN else torch.full_like(noise, 0.05)
        values = dict(zip(SERIES, (level * noise).tolist(), strict=True))
        if number >= TURN:
            values |= {"hessian.g.top": 1e3, "loss.d": 1e4, "logit.real": 900.0, "logit.fake": -900.0}
        yield values | ({"loss.g": math.nan} if number > TURN + 40 else {})


def watched(name, **params):
    """The guard, with all others around it where it combines them."""
    names = [other for other in guards.family.names if other != name] if guards.family.find(name).combines else []
    made = [guards.family.create(each, {}) for each in names]
    return [*made, guards.family.create(name, params)]


def said(ear, name):
    return [(step, body.kind, body.message) for step, body in ear.said if getattr(body, "guard", None) == name]


def through(made, looks, first=1):
    """What is said of the looks, the first of which has that number."""
    ear = Ear()
    guarding = Guarding(made, Readings(), ear)
    for number, values in enumerate(looks, start=first):
        guarding.look(number * 50, values)
    return ear


@EVERY_GUARD
def test_it_says_what_it_is(name):
    guard = guards.family.find(name)
    params = guard.Params()
    assert (params.every, params.patience >= 1, params.cool_down >= 0) == (50, True, True)
    for param in ("every", "patience"):
        with pytest.raises(ValueError, match=param):
            guard.Params(**{param: 0})
    fields = guard.Params.model_json_schema()["properties"].values()
    assert all(field.get("description", "").endswith(".") for field in fields)
    assert all(isinstance(series, SeriesDescription) for series in guard.series)


@EVERY_GUARD
def test_it_reads_something_or_combines(name):
    guard = guards.family.create(name, {})
    assert guard.combines != bool(guard.reads())
    assert bool(guard.reads()) == any(fits(series, guard.reads()) for series in SERIES), (
        "add its series to SERIES above"
    )


@EVERY_GUARD
def test_it_is_quiet_in_health_and_speaks_in_plain_words_when_all_goes_wrong(name):
    ear = through(watched(name), history())
    alarms = [(step, body) for step, body in ear.said if getattr(body, "guard", None) == name]
    if name == "stagnation":
        return  # nothing stands still in this history: its own test has one that does
    assert alarms, f"{name} sees nothing wrong"
    step, first = alarms[0]
    assert step > TURN * 50
    assert first.kind == "alarm.raised"
    assert first.evidence
    assert all(isinstance(number, float) for number in first.evidence.values())
    assert 10 < len(first.message) < 300


@EVERY_GUARD
@pytest.mark.parametrize("cut", [30, TURN + 1, TURN + 45])
def test_one_that_comes_out_of_a_checkpoint_says_the_same(name, cut):
    looks = list(history())
    straight = through(watched(name), looks)
    before = watched(name)
    first = through(before, looks[:cut])
    after = watched(name)
    for old, new in zip(before, after, strict=True):
        state = old.state_dict()
        assert all(tensor.dtype == torch.float64 for tensor in state.values())
        new.load_state_dict({key: tensor.clone() for key, tensor in state.items()})
    second = through(after, looks[cut:], cut + 1)
    assert said(first, name) + said(second, name) == said(straight, name)


@EVERY_GUARD
def test_nothing_to_read_is_no_finding_and_no_health(name):
    if guards.family.find(name).combines:
        pytest.skip("it reads what others found")
    guard = guards.family.create(name, {})
    assert [guard.judge(Look(step, {})) for step in range(50, 5000, 50)] == [None] * 99


@EVERY_GUARD
def test_numbers_that_are_none_do_not_break_it(name):
    guard = guards.family.create(name, {})
    for step in range(50, 5000, 50):
        value = (math.nan, math.inf, -math.inf, 0.0)[step // 50 % 4]
        outcome = guard.judge(Look(step, dict.fromkeys(SERIES, value)))
        assert outcome is None or isinstance(outcome, Finding | Clear)


@EVERY_GUARD
def test_what_it_remembers_stays_small(name):
    guard = guards.family.create(name, {})
    sizes = []
    for number, values in enumerate(history(), start=1):
        guard.judge(Look(number * 50, {key: value for key, value in values.items() if fits(key, guard.reads())}))
        sizes.append(sum(len(kept) for kept in guard.memory.values()))
    assert max(sizes) <= 400
    assert all(isinstance(number, float) for kept in guard.memory.values() for number in kept)
