"""The soak's own arithmetic: what counts as lost, as doubled, as late. A soak that cannot fail proves nothing."""

import pytest

from benchmarks._stack import KINDS
from benchmarks.soak import memory, plan, report
from benchmarks.soak.accounts import begun_at, settle, steps_between

SENT = {(1, "trainer"): 2, (1, "api"): 1, (2, "trainer"): 1}
REQUEST = "q"


def event(number, attempt, source, seq, kind="log", time=0.0, **body):
    body = body or {"message": ""}
    return {
        "id": f"{number}-0", "attempt": attempt, "source": source, "seq": seq, "kind": kind, "time": time, "body": body,
    }  # fmt: skip


def losses(*steps):
    return {"groups": [{"steps": list(steps), "values": {"loss.d": [0.0] * len(steps)}}]}


def whole():
    """A run of two attempts: the second one says step 2 again."""
    return [
        event(1, 1, "api", 1),
        event(2, 1, "trainer", 1, "scalars", 10.0, **losses(1, 2)),
        event(3, 1, "trainer", 2, "knob.applied", request_id=REQUEST),
        event(4, 2, "trainer", 1, "scalars", 11.0, **losses(2, 3)),
    ]


def accounts(events, sent=SENT, seen=None, accepted=(REQUEST,)):
    return settle(events, sent, {each["id"]: 1 for each in events} if seen is None else seen, accepted)


def test_a_whole_run_is_clean():
    found = accounts(whole())
    assert found.is_clean
    assert (found.sent, found.stored, found.viewed, found.accepted) == (4, 4, 4, 1)


def test_nothing_sent_is_not_clean():
    assert not accounts(whole(), sent={}).is_clean


@pytest.mark.parametrize(
    ("count", "changes"),
    [
        ("missing", {"sent": SENT | {(1, "trainer"): 3}}),
        ("missing", {"sent": SENT | {(2, "supervisor"): 1}}),
        ("doubled", {"events": [*whole(), event(5, 1, "trainer", 2)]}),
        ("doubled", {"events": [*whole(), event(5, 2, "trainer", 2, "scalars", **losses(3))]}),
        ("viewed_twice", {"seen": {"1-0": 1, "2-0": 2, "3-0": 1, "4-0": 1}}),
        ("viewed_never", {"seen": {"1-0": 1, "2-0": 1, "4-0": 1}}),
        ("without_outcome", {"accepted": (REQUEST, "another")}),
        ("with_several_outcomes", {"events": [*whole(), event(5, 2, "api", 1, "knob.lost", request_id=REQUEST)]}),
    ],
)
def test_what_is_wrong_is_counted(count, changes):
    found = accounts(**{"events": whole(), **changes})
    assert getattr(found, count) == 1
    assert not found.is_clean


def test_what_the_log_says_was_given_up_is_not_missing():
    """Numbers 3 to 5: the word of it has the last one."""
    words = "3 events with measurements up to step 9 were given up: Redis was away or full, and the spool took no more."
    found = accounts([*whole(), event(5, 1, "trainer", 5, message=words)], sent=SENT | {(1, "trainer"): 5})
    assert (found.given_up, found.missing, found.is_clean) == (2, 0, True)
    less = accounts([*whole(), event(5, 1, "trainer", 5, message=words)], sent=SENT | {(1, "trainer"): 6})
    assert less.missing == 1


def test_steps_of_a_time_are_counted_once():
    assert steps_between(whole(), 10.0, 11.0) == 2
    assert steps_between(whole(), 10.0, 12.0) == 3


def test_where_an_attempt_began_is_found():
    begun = [event(5, 2, "trainer", 2, "run.status", status="running", from_step=8)]
    assert begun_at([*whole(), *begun], 2) == 8
    assert begun_at(whole(), 2) is None


def test_every_process_is_killed_once_a_session_and_often_enough():
    others = (plan.OUTAGES, plan.BLOWS, plan.FULL_DISK)
    every = list(plan.sessions(21))
    assert {each.disturbances for each in every} >= {plan.OUTAGES, plan.BLOWS}
    sessions = [each for each in every if each.disturbances not in others and not each.on_postgres]
    assert [sorted(session.disturbances) for session in sessions] == [sorted(KINDS)] * 5
    assert len({session.disturbances for session in sessions}) > 1


def line(**changes):
    return {
        "key": "k", "accounts": accounts(whole()).line(), "curves": {"loss.d": 0}, "forgotten": 0, "exit_status": 0,
        "run": {"status": "stopped", "steps": 3, "attempts": 2}, "connections": 1, "machine": "m", "commit": "c",
        "rounds": [{"what": "api", "step": 1, "went_on": True, "on_s": 29.0}], "absent": {"loss.d": 0},
        **changes,
    }  # fmt: skip


def test_a_session_in_which_all_is_well_has_no_problem():
    assert report.problems([line()]) == []


@pytest.mark.parametrize(
    ("words", "changes"),
    [
        ("missing 2", {"accounts": line()["accounts"] | {"missing": 2}}),
        ("accepted 0", {"accounts": line()["accounts"] | {"accepted": 0}}),
        ("loss.d differs in 1 steps", {"curves": {"loss.d": 1}}),
        ("loss.d lacks 4 steps", {"absent": {"loss.d": 4}}),
        ("disk full: no alarm", {"rounds": [line()["rounds"][0] | {"what": "disk full", "alarms": 0}]}),
        ("Redis forgot", {"forgotten": 1}),
        ("ended as failed", {"run": line()["run"] | {"status": "failed"}}),
        ("api at step 1: on after 31.0 s", {"rounds": [line()["rounds"][0] | {"on_s": 31.0}]}),
        ("api at step 1: on after 3.0 s", {"rounds": [line()["rounds"][0] | {"went_on": False, "on_s": 3.0}]}),
        (
            "7 steps, 9 in as long a time before",
            {"rounds": [line()["rounds"][0] | {"what": "sql locked", "steps_meanwhile": 7, "steps_before": 9}]},
        ),
        (
            "went on from step 8, the checkpoint of step 8",
            {"rounds": [line()["rounds"][0] | {"what": "checkpoint cut", "cut_step": 8, "from_step": 8}]},
        ),
        ("modescope up ended with 1", {"exit_status": 1}),
    ],
)
def test_each_broken_promise_is_said(words, changes):
    assert any(words in problem for problem in report.problems([line(**changes)]))


def test_slope_of_memory_is_taken_once_it_has_settled():
    looks = [(step, 50.0 if step < 250 else 100.0 + 0.001 * step) for step in range(0, 1001, 10)]
    found = memory.summary(looks, 1000)
    assert (found["first_mib"], found["last_mib"], found["slope"]) == (100.2, 101.0, 100.0)
