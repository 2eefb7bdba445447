import math

import pytest

from contract.components import ComponentParams
from contract.knobs import KnobDescription, knob, knobs_of


class Params(ComponentParams):
    weight: float = knob(1.0, ge=0, le=100, scale="log", unit="nats")
    """How much it counts."""
    every: int = knob(16, gt=0)
    """Steps between two."""
    on: bool = knob(True)
    """Whether at all."""
    width: int = 48
    """Fixed when the run starts."""


class PerAttribute(ComponentParams):
    weights: dict[str, float] = knob({}, ge=0)
    """One weight an attribute."""


def test_marked_fields_become_knobs_with_the_values_in_force() -> None:
    knobs = list(knobs_of("r1", Params.model_json_schema(), {"weight": 2.0, "every": 4, "on": False, "width": 8}))
    assert knobs == [
        KnobDescription(
            name="r1.weight", kind="number", default=2.0, minimum=0, maximum=100, scale="log", unit="nats",
            help="How much it counts.",
        ),
        KnobDescription(
            name="r1.every", kind="integer", default=4, minimum=0, exclusive_minimum=True, help="Steps between two.",
        ),
        KnobDescription(name="r1.on", kind="boolean", default=False, help="Whether at all."),
    ]  # fmt: skip


def test_param_without_a_value_takes_the_schema_s_default() -> None:
    assert [knob.default for knob in knobs_of("r1", Params.model_json_schema(), {})] == [1.0, 16, True]


def test_dict_makes_one_knob_a_key() -> None:
    knobs = list(knobs_of("auxiliary", PerAttribute.model_json_schema(), {"weights": {"hair": 1.0, "eyes": 0.5}}))
    assert [(knob.name, knob.kind, knob.default, knob.help) for knob in knobs] == [
        ("auxiliary.weights.hair", "number", 1.0, "One weight an attribute."),
        ("auxiliary.weights.eyes", "number", 0.5, "One weight an attribute."),
    ]


BOUNDED = KnobDescription(name="k", default=1.0, minimum=0, maximum=10, exclusive_minimum=True)
WHOLE = KnobDescription(name="k", kind="integer", default=1, minimum=1)
SWITCH = KnobDescription(name="k", kind="boolean", default=True)


@pytest.mark.parametrize(
    ("knob", "value", "message"),
    [
        (BOUNDED, 0, "k must be a number above 0 to 10; got 0"),
        (BOUNDED, 10.5, "k must be a number above 0 to 10; got 10.5"),
        (BOUNDED, True, "k must be a number above 0 to 10; got true"),
        (BOUNDED, "5", 'k must be a number above 0 to 10; got "5"'),
        (BOUNDED, math.nan, "k must be a number above 0 to 10; got NaN"),
        (BOUNDED, math.inf, "k must be a number above 0 to 10; got Infinity"),
        (WHOLE, 1.5, "k must be a whole number from 1; got 1.5"),
        (WHOLE, 0, "k must be a whole number from 1; got 0"),
        (SWITCH, 1, "k must be true or false; got 1"),
    ],
)
def test_value_out_of_bounds_is_refused_with_the_bounds(knob: KnobDescription, value: object, message: str) -> None:
    assert knob.refusal(value) == message


@pytest.mark.parametrize(("knob", "value"), [(BOUNDED, 10), (BOUNDED, 1e-9), (WHOLE, 2.0), (WHOLE, 1), (SWITCH, False)])
def test_value_within_bounds_is_allowed(knob: KnobDescription, value: object) -> None:
    assert knob.refusal(value) is None
