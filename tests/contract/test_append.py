"""The append script on a real server."""

from typing import Any

import pytest

from contract import append, names
from contract.append import Appended, parse

pytestmark = pytest.mark.stack

RUN = "f00d"


class Log:
    """A writer that says what the script answers, and what the log then holds."""

    def __init__(self, valkey: Any) -> None:
        self.client = valkey.client()
        self._script = self.client.register_script(append.SCRIPT)

    def append(
        self, seq: int, *, attempt: int = 1, source: str = "trainer", most: int = 100, command: bool = False
    ) -> Appended:
        keys = [names.EVENTS, names.attempt_key(RUN), names.sequence_key(RUN)]
        keys += [names.commands_key(RUN)] if command else []
        return parse(self._script(keys=keys, args=[attempt, source, seq, most, "source", source, "said", f"n{seq}"]))

    def entries(self, key: str = names.EVENTS) -> list[tuple[int, str]]:
        return [(int(fields[b"seq"]), fields[b"source"].decode()) for _, fields in self.client.xrange(key)]


@pytest.fixture
def log(valkey: Any) -> Any:
    log = Log(valkey)
    log.client.set(names.attempt_key(RUN), 1)
    yield log
    log.client.close()


def test_appended_entry_has_its_number_and_its_fields(log: Log) -> None:
    answer = log.append(1)
    [(entry_id, fields)] = log.client.xrange(names.EVENTS)
    assert answer == Appended("ok", entry_id.decode(), 1)
    assert fields == {b"seq": b"1", b"source": b"trainer", b"said": b"n1"}


def test_number_that_is_there_already_is_a_double_and_adds_nothing(log: Log) -> None:
    log.append(1)
    log.append(2)
    assert log.append(2) == Appended("double", "", 2)
    assert log.append(1) == Appended("double", "", 1)
    assert log.entries() == [(1, "trainer"), (2, "trainer")]


def test_missing_number_is_a_gap_and_adds_nothing(log: Log) -> None:
    log.append(1)
    assert log.append(3) == Appended("gap", "", 1)
    assert log.entries() == [(1, "trainer")]
    assert log.append(2).status == "ok"


def test_lower_attempt_is_fenced_and_adds_nothing(log: Log) -> None:
    log.client.set(names.attempt_key(RUN), 3)
    assert log.append(1, attempt=2) == Appended("fenced", "", 3)
    assert log.entries() == []
    assert log.append(1, attempt=3).status == "ok"


def test_sources_and_attempts_count_for_themselves(log: Log) -> None:
    answers = [log.append(1), log.append(1, source="supervisor"), log.append(1, attempt=2), log.append(2)]
    assert [(answer.status, answer.seq) for answer in answers] == [("ok", 1), ("ok", 1), ("ok", 1), ("ok", 2)]
    assert log.client.hgetall(names.sequence_key(RUN)) == {
        b"1:trainer": b"2",
        b"1:supervisor": b"1",
        b"2:trainer": b"1",
    }


def test_zero_takes_the_next_number(log: Log) -> None:
    log.append(1, source="api")
    assert [log.append(0, source="api").seq, log.append(0, source="api").seq] == [2, 3]
    assert log.entries() == [(1, "api"), (2, "api"), (3, "api")]


def test_full_log_takes_nothing_and_the_number_stays_free(log: Log) -> None:
    log.append(1, most=2)
    log.append(2, most=2)
    assert log.append(3, most=2) == Appended("full", "", 0)
    assert log.entries() == [(1, "trainer"), (2, "trainer")]
    log.client.xtrim(names.EVENTS, maxlen=1, approximate=False)
    assert log.append(3, most=2).seq == 3


def test_request_goes_to_the_log_and_to_the_run_s_commands(log: Log) -> None:
    log.append(1, source="api", command=True)
    assert log.entries(names.commands_key(RUN)) == log.entries() == [(1, "api")]


def test_refused_request_reaches_neither(log: Log) -> None:
    log.client.set(names.attempt_key(RUN), 2)
    log.append(1, source="api", command=True)
    assert log.entries(names.commands_key(RUN)) == log.entries() == []


def test_run_without_an_attempt_in_force_is_not_fenced(log: Log) -> None:
    log.client.delete(names.attempt_key(RUN))
    assert log.append(1).status == "ok"
