"""Points of a scalar series."""

import math
import random
import struct

import numpy as np

from api.series.points import decode, gather, in_order, merge
from contract.events import ScalarGroup, Scalars
from contract.numbers import dumps

SPECIAL = [math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2, 1 / 3]


def points(steps, values):
    return in_order(np.array(steps, np.int64), np.array(values, np.float64))


def bits(values):
    """Bit patterns, so that NaN equals NaN and -0.0 is not 0.0."""
    return [struct.pack("<d", value) for value in values]


def test_encoding_keeps_every_bit_in_the_documented_layout():
    written = points(range(len(SPECIAL)), SPECIAL).encode()
    assert written == struct.pack("<9q9d", *range(9), *SPECIAL)
    assert bits(decode(written).values.tolist()) == bits(SPECIAL)


def test_for_a_step_that_comes_twice_the_later_value_holds():
    draw = random.Random(1)
    steps = [draw.randrange(50) for _ in range(300)]
    values = [draw.random() for _ in range(300)]
    wanted = dict(zip(steps, values, strict=True))
    found = points(steps, values)
    assert found.steps.tolist() == sorted(wanted)
    assert found.values.tolist() == [wanted[step] for step in sorted(wanted)]


def test_merging_prefers_the_last_part():
    merged = merge([points([1, 2, 3], [1, 1, 1]), points([], []), points([3, 2], [3, 2]), points([9], [9])])
    assert merged.steps.tolist() == [1, 2, 3, 9]
    assert merged.values.tolist() == [1, 2, 3, 9]


def test_between_includes_both_ends():
    some = points([1, 5, 9], [1, 5, 9])
    assert some.between(5, 9).steps.tolist() == [5, 9]
    assert some.between(2, 4).steps.tolist() == []


def test_events_give_their_points_back_bit_for_bit():
    body = Scalars(
        groups=[
            ScalarGroup(steps=[0, 1, 2, 3, 4, 5, 6, 7, 8], values={"a": SPECIAL, "b": SPECIAL[::-1]}),
            ScalarGroup(steps=[20, 10], values={"a": [20.0, 10.0]}),
        ]
    )
    found = gather([dumps(body.model_dump()).decode()])
    assert found["a"].steps.tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 20]
    assert bits(found["a"].values.tolist()) == bits([*SPECIAL, 10.0, 20.0])
    assert bits(found["b"].values.tolist()) == bits(SPECIAL[::-1])
    assert set(gather([dumps(body.model_dump()).decode()], only="b")) == {"b"}
