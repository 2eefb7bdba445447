"""Series from events to buckets, with attempts, NaN and compaction, against plain loops over the events."""

import copy
import math
import random

import pytest

from api.store import series
from contract.events import RunStatus, ScalarGroup, Scalars
from contract.numbers import number

NAMES = ("loss.d", "loss.g", "modes.captured")


class Oracle:
    """What the series are by definition, kept in dicts."""

    def __init__(self):
        self.points = {name: {} for name in NAMES}

    def measure(self, step, values):
        for name, value in values.items():
            self.points[name][step] = value

    def go_on_from(self, step):
        for points in self.points.values():
            for later in [s for s in points if s > step]:
                del points[later]

    def buckets(self, name, first, last, most):
        """Smallest power of two with at most so many buckets; a width above 1 widens the range to whole buckets."""
        points = sorted(self.points[name].items())
        end = max((step for step, _ in points), default=-1) if last is None else last
        for bits in range(63):
            low, high = first >> bits, end >> bits
            groups = {}
            for step, value in points:
                if low <= step >> bits <= high and (bits or first <= step <= end):
                    groups.setdefault(step >> bits, []).append((step, value))
            if len(groups) <= most:
                return 1 << bits, [self.bucket(group, bits) for _, group in sorted(groups.items())]
        raise AssertionError

    @staticmethod
    def bucket(group, bits):
        finite = [value for _, value in group if math.isfinite(value)]
        low, high = (min(finite), max(finite)) if finite else (math.nan, math.nan)
        first = group[0][0] if bits == 0 else (group[0][0] >> bits) << bits
        return first, low, high, group[-1][1], len(group) - len(finite)


def value(draw):
    return draw.choice([draw.gauss(0, 1)] * 20 + [math.nan, math.inf, -math.inf])


def train(draw, tape, oracle, *, attempt, start, steps, every, run="r", own_from=0):
    """One attempt's events: `running`, then batches of one or more groups. A fork's history is its own from a step."""
    tape.say(run, RunStatus(status="running", from_step=start), start, attempt=attempt)
    if attempt > 1 or own_from:
        oracle.go_on_from(start)
    step = start if draw.random() < 0.5 else start + 1  # a resumed run may repeat the step from which it goes on
    while step < start + steps:
        batch = list(range(step, min(step + draw.randrange(1, 60), start + steps)))
        groups = [(batch, NAMES[:2]), ([s for s in batch if s % every == 0], NAMES[2:])]
        told = []
        for at, names in groups:
            columns = {name: [value(draw) for _ in at] for name in names}
            if at:
                told.append(ScalarGroup(steps=at, values=columns))
            for number_, s in enumerate(at):
                if s < own_from:
                    continue
                oracle.measure(s, {name: column[number_] for name, column in columns.items()})
        tape.say(run, Scalars(groups=told), batch[-1], attempt=attempt)
        step = batch[-1] + 1


def check(desk, oracle, name, first, last, most, run="r"):
    with desk.database.read() as session:
        row = series.find(session, desk.row(run), name)
        found = series.scalars(session, desk.row(run), row, first, last, most)
    width, wanted = oracle.buckets(name, first, last, most)
    rows = zip(found.steps, found.min, found.max, found.last, found.nonfinite, strict=True)
    assert found.bucket_steps == width
    assert [repr(row) for row in rows] == [repr(row) for row in wanted]


@pytest.mark.parametrize("seed", range(3))
def test_series_are_what_loops_say(seed, desk, tape):
    draw = random.Random(seed)
    oracle = Oracle()
    desk.add_run("r")
    start = 0
    for attempt in (1, 2, 3):
        train(
            draw,
            tape,
            oracle,
            attempt=attempt,
            start=start,
            steps=draw.randrange(200, 3000),
            every=draw.choice([7, 100]),
        )
        entries = tape.take()
        while entries:
            n = draw.randrange(1, 40)
            desk.record(entries[:n])
            entries = entries[n:]
        reached = max(oracle.points["loss.d"])
        for _ in range(25):
            ends = sorted(draw.randrange(reached + 50) for _ in range(2))
            first, last = draw.choice([(0, None), tuple(ends), (ends[0], None)])
            check(desk, oracle, draw.choice(NAMES), first, last, draw.choice([10, 11, 37, 200, 1000, 10_000]))
        start = draw.randrange(reached)


@pytest.mark.parametrize("seed", range(4))
def test_a_fork_and_a_fork_of_it_go_on_from_where_they_were_forked(seed, desk, tape):
    draw = random.Random(100 + seed)
    oracles = {}
    start, above = 0, None
    for run in ("r", "child", "grandchild"):
        oracle = oracles[run] = copy.deepcopy(oracles[above]) if above else Oracle()
        desk.add_run(run, parent=above, parent_step=start if above else None)
        own_from = start + 1 if above else 0
        for attempt, from_step in ((1, start), (2, start + 150)):
            steps = draw.randrange(200, 1500)
            train(
                draw, tape, oracle, attempt=attempt, start=from_step, steps=steps, every=7, run=run, own_from=own_from
            )
        entries = tape.take()
        half = len(entries) // 2
        for part in (entries[:half], entries[half:]):
            desk.record(part)
        reached = max(oracle.points["loss.d"])
        start, above = draw.randrange(start + 100, reached), run
    for run, oracle in oracles.items():
        reached = max(oracle.points["loss.d"])
        for _ in range(30):
            ends = sorted(draw.randrange(reached + 50) for _ in range(2))
            first, last = draw.choice([(0, None), tuple(ends), (ends[0], None)])
            check(desk, oracle, draw.choice(NAMES), first, last, draw.choice([10, 37, 200, 10_000]), run)


def test_a_reload_shows_the_same_picture(desk, tape):
    draw = random.Random(9)
    desk.add_run("r")
    train(draw, tape, Oracle(), attempt=1, start=0, steps=5000, every=100)
    desk.record(tape.take())

    def ask():
        with desk.database.read() as session:
            return series.scalars(session, desk.row("r"), series.find(session, desk.row("r"), "loss.d"), 0, None, 300)

    assert ask().model_dump_json() == ask().model_dump_json()


def test_exact_to_the_last_bit(desk, tape):
    exact = [0.1 + 0.2, 1 / 3, 5e-324, 1.7976931348623157e308, -0.0, 123456789.123456789]
    desk.add_run("r")
    tape.say("r", Scalars(groups=[ScalarGroup(steps=list(range(6)), values={"x": exact})]), 5)
    desk.record(tape.take())
    for _ in range(2):
        with desk.database.read() as session:
            found = series.scalars(session, desk.row("r"), series.find(session, desk.row("r"), "x"), 0, None, 10)
        wire = found.model_validate_json(found.model_dump_json())
        assert [value.hex() for value in wire.last] == [value.hex() for value in exact]
        tape.say("r", RunStatus(status="finished"), 5)  # the second time from a chunk
        desk.record(tape.take())


def test_the_list_shows_the_last_measurement_also_after_a_cut(desk, tape):
    desk.add_run("r")
    tape.say("r", RunStatus(status="running", from_step=0), 0)
    tape.say("r", Scalars(groups=[ScalarGroup(steps=[1, 2, 3], values={"x": [1.0, 2.0, math.nan]})]), 3)
    desk.record(tape.take())
    with desk.database.read() as session:
        (before,) = series.listed(session, desk.row("r"))
    assert (before.last_step, repr(before.last)) == (3, "nan")
    tape.say("r", RunStatus(status="running", from_step=2), 2, attempt=2)
    desk.record(tape.take())
    with desk.database.read() as session:
        (after,) = series.listed(session, desk.row("r"))
    assert (after.last_step, after.last) == (2, 2.0)
    assert desk.row("r").step == 2


def test_wide_rows_hold_every_point_once(desk, tape):
    draw = random.Random(3)
    oracle = Oracle()
    desk.add_run("r")
    train(draw, tape, oracle, attempt=1, start=0, steps=3000, every=7)
    desk.record(tape.take())
    with desk.database.read() as session:
        rows = list(series.wide(session, desk.row("r")))
    assert [row["step"] for row in rows] == sorted({step for points in oracle.points.values() for step in points})
    for name, points in oracle.points.items():
        found = {row["step"]: repr(number(row[name])) for row in rows if name in row}
        assert found == {step: repr(value) for step, value in points.items()}
