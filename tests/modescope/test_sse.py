"""The event stream format, against the examples and rules of the HTML standard, section 9.2."""

import pytest

from modescope.sse import Frame, frames


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [Frame("message", "YHOO\n+2\n10", None)]),
        (": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\ndata:  third event\n\n",
         [None, Frame("message", "first event", "1"), Frame("message", "second event", ""),
          Frame("message", " third event", None)]),
        ("event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\n",
         [Frame("add", "73857293", None), Frame("remove", "2153", None)]),
        ("data: cut short\n", []),
        ("event: no data\n\n", []),
        ("unknown: field\ndata: x\n\n", [Frame("message", "x", None)]),
    ],
)  # fmt: skip
def test_lines_become_frames(text, expected):
    assert list(frames(text.split("\n")[:-1])) == expected
