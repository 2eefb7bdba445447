import math

import pytest

from contract.numbers import dumps, loads, number


def test_nonfinite_numbers_become_words_and_never_null() -> None:
    assert dumps([math.nan, math.inf, -math.inf, 0.1]) == b'["NaN","Infinity","-Infinity",0.1]'


def test_words_become_numbers_again() -> None:
    values = [number(word) for word in loads(b'["NaN", "Infinity", "-Infinity", 2]')]
    assert math.isnan(values[0])
    assert values[1:] == [math.inf, -math.inf, 2.0]


@pytest.mark.parametrize("word", ["nan", "inf", "1.5", ""])
def test_other_words_are_refused_with_the_allowed_ones(word: str) -> None:
    with pytest.raises(ValueError, match="allowed strings: NaN, Infinity, -Infinity"):
        number(word)


def test_floats_keep_their_last_bit() -> None:
    values = [0.1 + 0.2, 5e-324, 1.7976931348623157e308, -0.0]
    read = loads(dumps(values))
    assert [value.hex() for value in read] == [value.hex() for value in values]
