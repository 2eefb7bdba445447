"""All that a worker says to Redis, and the only module here that knows it.

Every call answers within about two seconds: done, or `StoreAway`. Nothing is retried here; whoever calls decides
what to do meanwhile. An event may be sent twice without harm, since the append script knows its number.
"""

from collections.abc import Sequence
from hashlib import sha1
from typing import Any, Literal

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import (
    NoScriptError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from contract import append, names
from contract.append import Appended
from contract.components import Catalogue
from contract.events import Envelope, from_fields, to_fields
from contract.runs import WorkerInfo

Item = tuple[Envelope, bytes | None]
"""An event, and the bytes of its blob if it has one."""

ANSWER_WITHIN_S = 1.0
"""Wait this long for an answer: Redis answers in less than a millisecond, or it is in trouble."""
MOST_BLOCK_S = 10.0
"""The longest wait that `commands` may ask for."""
MOST_COMMANDS = 100
"""Requests read at once."""

# Whoever holds the lease renews it; one that has expired is taken back as long as nobody raised the attempt.
_RENEW = """
if tonumber(redis.call('GET', KEYS[2]) or '0') > tonumber(ARGV[3]) then return 'lost' end
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 'lost' end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return holder and 'held' or 'retaken'
"""
_RELEASE = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"
_SKIP = """
if tonumber(redis.call('HGET', KEYS[1], ARGV[1]) or '0') < tonumber(ARGV[2]) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
"""

_APPEND_SHA = sha1(append.SCRIPT.encode()).hexdigest()  # noqa: S324  # the name that Redis gives a script
_TROUBLE = (RedisConnectionError, RedisTimeoutError, ReadOnlyError, TryAgainError, OSError)
_REFUSES_WRITES = ("MISCONF", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN", "BUSY")


class StoreAway(RuntimeError):
    """Redis cannot be reached or takes no writes now; nothing is known of what was just asked of it."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(f"Redis is away or takes no writes ({type(cause).__name__}: {cause})")


Renewal = Literal["held", "retaken", "lost"]
"""Held as before; had expired and is ours again; somebody else's, or the attempt is no longer in force."""


class Store:
    """Redis, as a worker needs it. Safe to share between threads."""

    def __init__(self, url: str, *, most_entries: int = append.MOST_ENTRIES) -> None:
        """A store at that address; it connects when first used.

        Args:
            url: `redis://:password@host:port/db`, or rediss://, or unix://.
            most_entries: entries the log may hold before it answers "full".
        """
        self._most_entries = most_entries
        self._redis = _client(url, ANSWER_WITHIN_S)
        self._blocking = _client(url, MOST_BLOCK_S + 5)

    def append(self, event: Envelope, blob: bytes | None = None) -> Appended:
        """Append one event to the log; its `seq` 0 asks for the next number.

        Raises:
            StoreAway: if Redis does not answer; the event may be in the log nevertheless.
        """
        return self.append_many([(event, blob)])[0]

    def append_many(self, items: Sequence[Item]) -> list[Appended]:
        """Append events in their order, in one round trip; each gets its own answer.

        After one that was refused (full, gap) the later ones of the same source are refused too: nothing is skipped.

        Raises:
            StoreAway: if Redis does not answer; any of them may be in the log nevertheless.
        """
        answers: list[Appended] = []
        while len(answers) < len(items):
            before = len(answers)
            answers += self._append_known(items[before:])
            if len(answers) < len(items):
                self._do(self._redis, "SCRIPT LOAD", append.SCRIPT)
        return answers

    def commands(self, run: str, after_id: str, block_ms: int) -> list[tuple[str, Envelope]]:
        """Requests of a run that came after an entry, oldest first, each with its entry id.

        Args:
            run: whose.
            after_id: entry id of the last one already seen; "0" for all that are there.
            block_ms: wait this long for one to come; 0 does not wait.

        Raises:
            StoreAway: if Redis does not answer.
            ValueError: if it should wait longer than `MOST_BLOCK_S`.
        """
        if block_ms > MOST_BLOCK_S * 1000:
            raise ValueError(f"block_ms is {block_ms}; at most {MOST_BLOCK_S * 1000:g} is allowed: ask again instead")
        wait = ("BLOCK", block_ms) if block_ms > 0 else ()
        stream = ("STREAMS", names.commands_key(run), after_id)
        answer = self._do(self._blocking, "XREAD", "COUNT", MOST_COMMANDS, *wait, *stream)
        entries = answer[0][1] if answer else []
        return [(entry_id.decode(), from_fields(entry_id.decode(), fields)) for entry_id, fields in entries]

    def attempt(self, run: str) -> int:
        """The attempt in force; 0 when the run is unknown.

        Raises:
            StoreAway: if Redis does not answer.
        """
        return int(self._do(self._redis, "GET", names.attempt_key(run)) or 0)

    def begun(self, run: str, attempt: int) -> bool:
        """Whether a supervisor or a trainer has already said anything in this attempt.

        Raises:
            StoreAway: if Redis does not answer.
        """
        said = self._do(self._redis, "HMGET", names.sequence_key(run), f"{attempt}:supervisor", f"{attempt}:trainer")
        return any(number is not None for number in said)

    def skip(self, run: str, attempt: int, source: str, through: int) -> None:
        """Give up numbers that will never come, so that the next one may follow.

        Args:
            run: whose.
            attempt: of which attempt.
            source: of which source.
            through: the last number given up.

        Raises:
            StoreAway: if Redis does not answer.
        """
        self._do(self._redis, "EVAL", _SKIP, 1, names.sequence_key(run), f"{attempt}:{source}", through)

    def take_lease(self, run: str, owner: str, ttl_ms: int) -> bool:
        """Take a run that nobody holds; False when somebody does.

        Args:
            run: which.
            owner: `<attempt>:<supervisor>`.
            ttl_ms: the lease ends by itself after this time.

        Raises:
            StoreAway: if Redis does not answer.
        """
        return bool(self._do(self._redis, "SET", names.lease_key(run), owner, "NX", "PX", ttl_ms))

    def renew_lease(self, run: str, attempt: int, owner: str, ttl_ms: int) -> Renewal:
        """Renew the lease, or take it back when it has expired and the attempt is still in force.

        Raises:
            StoreAway: if Redis does not answer.
        """
        keys = (names.lease_key(run), names.attempt_key(run))
        answer: bytes = self._do(self._redis, "EVAL", _RENEW, 2, *keys, owner, ttl_ms, attempt)
        return answer.decode()  # type: ignore[return-value]  # one of the three by the script

    def release_lease(self, run: str, owner: str) -> None:
        """Give the lease back if it is ours.

        Raises:
            StoreAway: if Redis does not answer; the lease then ends by itself.
        """
        self._do(self._redis, "EVAL", _RELEASE, 1, names.lease_key(run), owner)

    def announce(self, catalogue: Catalogue) -> None:
        """Tell everybody what this worker can run.

        Raises:
            StoreAway: if Redis does not answer.
        """
        self._do(self._redis, "SET", names.CATALOGUE, catalogue.model_dump_json())

    def announced(self) -> bool:
        """Whether there is any catalogue; a Redis that lost its data has none.

        Raises:
            StoreAway: if Redis does not answer.
        """
        return bool(self._do(self._redis, "EXISTS", names.CATALOGUE))

    def heartbeat(self, worker: WorkerInfo, ttl_s: float) -> None:
        """Say that this worker lives, for so long.

        Raises:
            StoreAway: if Redis does not answer.
        """
        self._do(self._redis, "SET", names.WORKERS + worker.name, worker.model_dump_json(), "PX", round(ttl_s * 1000))

    def farewell(self, worker_name: str) -> None:
        """Say that this worker has ended.

        Raises:
            StoreAway: if Redis does not answer; the heartbeat then expires.
        """
        self._do(self._redis, "DEL", names.WORKERS + worker_name)

    def waiting(self) -> int:
        """Messages that no worker has taken yet.

        Raises:
            StoreAway: if Redis does not answer.
        """
        return int(self._do(self._redis, "LLEN", names.QUEUE))

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()
        self._blocking.close()

    def _append_known(self, items: Sequence[Item]) -> list[Appended]:
        """The answers up to the first that says that the server does not know the script yet.

        Raises:
            StoreAway: if Redis does not answer.
        """
        pipeline = self._redis.pipeline(transaction=False)
        for event, blob in items:
            pipeline.execute_command("EVALSHA", _APPEND_SHA, 3, *self._append_words(event, blob))  # type: ignore[no-untyped-call]
        try:
            results = pipeline.execute(raise_on_error=False)
        except _TROUBLE as trouble:
            raise StoreAway(trouble) from trouble
        answers: list[Appended] = []
        for result in results:
            if isinstance(result, NoScriptError):
                break
            answers.append(_appended(result))
        return answers

    def _append_words(self, event: Envelope, blob: bytes | None) -> list[str | int | bytes]:
        keys = [names.EVENTS, names.attempt_key(event.run), names.sequence_key(event.run)]
        fields = [part for pair in to_fields(event, blob).items() for part in pair]
        return [*keys, event.attempt, event.source, event.seq, self._most_entries, *fields]

    @staticmethod
    def _do(client: Redis, *words: str | int) -> Any:  # Any: each command has an answer of its own
        name, *rest = words
        try:
            return client.execute_command(*str(name).split(), *rest)  # type: ignore[no-untyped-call]
        except _TROUBLE as trouble:
            raise StoreAway(trouble) from trouble
        except ResponseError as refusal:
            if _is_trouble(refusal):
                raise StoreAway(refusal) from refusal
            raise


def _client(url: str, answer_within_s: float) -> Redis:
    # Protocol 2: the answers have one shape on every server. No retries: a caller that waits cannot do better things.
    return Redis.from_url(
        url,
        socket_timeout=answer_within_s,
        socket_connect_timeout=ANSWER_WITHIN_S,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
    )


def _appended(result: list[bytes] | RedisError) -> Appended:
    """The script's answer; a server without memory is one that is full.

    Raises:
        StoreAway: if the server takes no writes now.
        RedisError: if it refused for any other reason: that is a mistake of ours.
    """
    if isinstance(result, OutOfMemoryError):
        return Appended("full", "", 0)
    if isinstance(result, RedisError):
        if isinstance(result, _TROUBLE) or _is_trouble(result):
            raise StoreAway(result) from result
        raise result
    return append.parse(result)


def _is_trouble(refusal: RedisError) -> bool:
    return isinstance(refusal, OutOfMemoryError) or str(refusal).startswith(_REFUSES_WRITES)
