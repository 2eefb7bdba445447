"""Event ids as numbers."""

import random

import pytest

from api.positions import NoEventId, event_id_of, position_of


def test_positions_sort_as_the_ids_do_and_lead_back():
    draw = random.Random(0)
    ids = [(draw.randrange(2**41), draw.randrange(2**20)) for _ in range(2000)]
    ids += [(0, 0), (2**41 - 1, 2**20 - 1), (1_700_000_000_000, 0)]
    texts = [f"{ms}-{n}" for ms, n in ids]
    by_id = [text for _, text in sorted(zip(ids, texts, strict=True))]
    assert sorted(texts, key=position_of) == by_id
    assert [event_id_of(position_of(text)) for text in texts] == texts


@pytest.mark.parametrize("text", ["", "1", "1-", "-1-0", "1-2-3", "x-0", "1-0 ", "1-1048576", "0x1-0", "$", "9" * 40])
def test_what_is_no_id_is_refused_by_name(text):
    with pytest.raises(NoEventId, match="no event id"):
        position_of(text)
