"""From the loop to the log: numbered without gaps, columnar, NaN kept, pictures as pixels."""

import io
import math
import threading

import numpy as np
import pytest
import torch
from PIL import Image

from contract.events import Envelope, Log, from_fields, to_fields
from worker.monitors import SampleGrid
from worker.training.reporter import LogReporter, draw_grid, group_scalars


class Inbox:
    """Collects deliveries."""

    def __init__(self):
        self.events = []
        self.failures = []

    def deliver(self, batch):
        self.events.extend(batch)


@pytest.fixture
def inbox():
    return Inbox()


def reporter(inbox):
    return LogReporter("run", 2, inbox.deliver, inbox.failures.append)


def test_everything_arrives_once_in_order_and_numbered_without_gaps(inbox):
    ours = reporter(inbox)
    for step in range(1, 2001):
        ours.scalars(step, {"loss.d": torch.tensor(float(step)), "loss.g": -step})
        if step % 500 == 0:
            ours.say(step, Log(message=f"at {step}"))
    ours.close()
    events = [event for event, _ in inbox.events]
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert {(event.run, event.attempt, event.source) for event in events} == {("run", 2, "trainer")}
    groups = [group for event in events if event.kind == "scalars" for group in event.body["groups"]]
    assert [step for group in groups for step in group["steps"]] == list(range(1, 2001))
    assert [v for group in groups for v in group["values"]["loss.d"]] == [float(s) for s in range(1, 2001)]
    assert [event.body["message"] for event in events if event.kind == "log"] == [
        f"at {s}" for s in (500, 1000, 1500, 2000)
    ]


def test_an_event_stands_where_it_was_said(inbox):
    ours = reporter(inbox)
    for step in range(1, 301):
        if step == 101:
            ours.say(100, Log(message="here"))
        ours.scalars(step, {"a": 1.0})
    ours.close()
    events = [event for event, _ in inbox.events]
    [at] = [i for i, event in enumerate(events) if event.kind == "log"]
    steps = [
        [s for e in part for g in e.body["groups"] for s in g["steps"]] for part in (events[:at], events[at + 1 :])
    ]
    assert steps == [list(range(1, 101)), list(range(101, 301))]


def test_an_event_survives_the_wire_with_nan_and_infinity(inbox):
    ours = reporter(inbox)
    ours.scalars(1, {"a": torch.tensor(math.nan), "b": math.inf, "c": torch.tensor(-math.inf)})
    ours.close()
    [(event, blob)] = inbox.events
    fields = {name.encode(): value for name, value in to_fields(event, blob).items()}
    back = from_fields("1-1", {**fields, b"seq": b"1"})
    assert isinstance(back, Envelope)
    [group] = back.typed().groups
    assert math.isnan(group.values["a"][0])
    assert (group.values["b"], group.values["c"]) == ([math.inf], [-math.inf])


def test_rows_with_the_same_series_share_a_group():
    rows = [(1, {"a": 1.0}), (2, {"a": 2.0, "b": 5.0}), (3, {"a": 3.0})]
    groups = [(group.steps, group.values) for group in group_scalars(rows).groups]
    assert groups == [([1, 3], {"a": [1.0, 3.0]}), ([2], {"a": [2.0], "b": [5.0]})]


def test_a_grid_is_the_samples_pixel_for_pixel():
    samples = torch.rand(6, 3, 4, 5) * 2 - 1
    body, png = draw_grid(SampleGrid("samples", samples, 2, 3, ["x", "y"], ["a", "b", "c"]))
    assert (body.rows, body.columns, body.cell) == (2, 3, [4, 5])
    picture = np.asarray(Image.open(io.BytesIO(png)))
    assert picture.shape == (8, 15, 3)
    expected = ((samples[4].numpy().transpose(1, 2, 0) + 1) * 127.5).round().astype(np.uint8)
    np.testing.assert_array_equal(picture[4:8, 5:10], expected)


def test_a_grid_that_its_samples_do_not_fill_is_an_error():
    with pytest.raises(ValueError, match="6 samples do not fill 2 rows of 4"):
        draw_grid(SampleGrid("samples", torch.zeros(6, 3, 4, 4), 2, 4))


def test_a_delivery_that_fails_is_told_to_the_process(inbox):
    told = threading.Event()

    def fenced(batch):
        raise RuntimeError("fenced")

    def on_failure(error):
        inbox.failures.append(error)
        told.set()

    ours = LogReporter("run", 1, fenced, on_failure)
    ours.say(1, Log(message="x"))
    assert told.wait(5)
    assert str(inbox.failures[0]) == "fenced"
    ours.close()
