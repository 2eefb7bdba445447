"""Redis for the routes and the recorder: appending, reading the log, leases, the queue, what workers announce."""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha1
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.client import Pipeline
from redis.exceptions import NoScriptError, WatchError
from redis.retry import Retry

from contract import append, names
from contract.append import Appended
from contract.events import Envelope, to_fields
from contract.runs import WorkerInfo

Entry = tuple[str, Mapping[bytes, bytes]]
"""An entry's id and its fields."""
ANSWER_WITHIN_S = 5.0
"""Redis answers in less than a millisecond, or it is in trouble."""

_APPEND_SHA = sha1(append.SCRIPT.encode()).hexdigest()  # noqa: S324  # the name that Redis gives a script
_KEEP_IF_OURS = """
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""
_TRIM = """
local ahead = #redis.call('XRANGE', KEYS[1], '(' .. ARGV[1], '+', 'COUNT', ARGV[2])
if ahead >= tonumber(ARGV[2]) then return 0 end
return redis.call('XTRIM', KEYS[1], 'MAXLEN', '=', ARGV[2])
"""
_RELEASE_IF_OURS = "if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end return 0"


class RedisStore:
    """Every method raises `redis.RedisError` when the server is away. Safe to share between threads."""

    def __init__(self, url: str) -> None:
        # Protocol 2: the answers have one shape on every server. No retries: one after a lost reply would append twice.
        self._redis: Any = redis.Redis.from_url(  # Any: redis-py's answers are typed for sync and async at once
            url,
            protocol=2,
            socket_timeout=ANSWER_WITHIN_S,
            socket_connect_timeout=2,
            retry=Retry(NoBackoff(), 0),
        )

    def uptime_s(self) -> int:
        """Seconds since the server started."""
        return int(self._redis.info("server")["uptime_in_seconds"])

    def check_writes(self) -> None:
        """Write something that is soon gone: a server whose disk is full answers, and refuses that."""
        self._redis.set(names.PROBE, 1, px=1000)

    def close(self) -> None:
        """Close every connection."""
        self._redis.close()

    # -- what workers announce

    def catalogue(self) -> bytes | None:
        """JSON of the catalogue that the newest worker announced; None when there never was one."""
        announced: bytes | None = self._redis.get(names.CATALOGUE)
        return announced

    def workers(self) -> list[WorkerInfo]:
        """Every worker whose heartbeat goes on, by name."""
        keys = sorted(self._redis.scan_iter(match=f"{names.WORKERS}*", count=1000))
        told = self._redis.mget(keys) if keys else []
        return [WorkerInfo.model_validate_json(text) for text in told if text is not None]

    # -- appending

    def append(self, event: Envelope, blob: bytes | None = None) -> Appended:
        """Append an event to the log; its `seq` 0 asks for the next number."""
        return self._append(event, blob, [])

    def ask(self, event: Envelope) -> Appended:
        """Append an event to the log and, in the same moment, to the run's requests."""
        return self._append(event, None, [names.commands_key(event.run)])

    def begin_attempt(self, run: str, expected: int, last_words: Sequence[Envelope], first: Sequence[Envelope]) -> bool:
        """Raise the attempt in force by one, which fences everybody who works on the one before.

        Args:
            run: whose.
            expected: the attempt that must be in force now; a Redis that knows only a lower one, or none, has lost
                data, and agrees.
            last_words: events of the attempt before, appended first.
            first: events of the new attempt, appended after it is in force.

        Returns:
            Whether it was done; False when another attempt was in force. All of it happens, or nothing.
        """
        key = names.attempt_key(run)
        with self._redis.pipeline() as pipeline:
            pipeline.watch(key)
            in_force = pipeline.get(key)
            if in_force is not None and int(in_force) > expected:
                return False
            pipeline.multi()
            for event in last_words:
                self._queue_append(pipeline, event)
            pipeline.set(key, expected + 1)
            for event in first:
                self._queue_append(pipeline, event)
            try:
                pipeline.execute()
            except WatchError:
                return False
        return True

    def attempt(self, run: str) -> int | None:
        """The attempt in force; None when Redis does not know the run."""
        in_force = self._redis.get(names.attempt_key(run))
        return None if in_force is None else int(in_force)

    # -- the log

    def read_log(self, after: str, count: int, block_ms: int | None = None) -> list[Entry]:
        """Entries after an id, oldest first; waits for one when `block_ms` is given."""
        answer = self._redis.xread({names.EVENTS: after}, count=count, block=block_ms)
        entries = answer[0][1] if answer else []
        return [(entry_id.decode(), fields) for entry_id, fields in entries]

    def last_id(self) -> str:
        """Id of the newest entry; "0-0" when there is none."""
        entries = self._redis.xrevrange(names.EVENTS, count=1)
        return entries[0][0].decode() if entries else "0-0"

    def log_length(self) -> int:
        """Entries in the log."""
        return int(self._redis.xlen(names.EVENTS))

    def trim(self, recorded: str, kept: int) -> int:
        """Leave the newest entries of the log, and whatever is not recorded yet; answers how many went.

        By the log's own length, not by what SQL holds: entries of runs that were deleted count here and not there.
        """
        return int(self._redis.eval(_TRIM, 1, names.EVENTS, recorded, kept))

    # -- runs

    def leased(self, run: str) -> bool:
        """Whether a supervisor holds the run."""
        return bool(self._redis.exists(names.lease_key(run)))

    def queued_tasks(self) -> list[str]:
        """Ids of the messages that wait for a worker, next one first."""
        # Celery pushes on the left and takes from the right; a message's headers carry the task's id.
        return [json.loads(message)["headers"]["id"] for message in reversed(self._redis.lrange(names.QUEUE, 0, -1))]

    def forget(self, run: str) -> None:
        """Remove every key of a run."""
        self._redis.delete(
            names.attempt_key(run), names.sequence_key(run), names.lease_key(run), names.commands_key(run)
        )

    # -- the recorder's lease

    def hold_recorder(self, owner: str, ttl_ms: int) -> bool:
        """Take or renew the lease; False when somebody else has it."""
        return bool(self._redis.eval(_KEEP_IF_OURS, 1, names.RECORDER_LEASE, owner, ttl_ms))

    def release_recorder(self, owner: str) -> None:
        """Give the lease back if it is ours."""
        self._redis.eval(_RELEASE_IF_OURS, 1, names.RECORDER_LEASE, owner)

    def recorder(self) -> str | None:
        """Who records now; None when nobody does."""
        holder = self._redis.get(names.RECORDER_LEASE)
        return None if holder is None else holder.decode()

    def _append(self, event: Envelope, blob: bytes | None, more_keys: list[str]) -> Appended:
        keys, words = _append_words(event, blob, more_keys, append.MOST_ENTRIES)
        try:
            answer = self._redis.evalsha(_APPEND_SHA, len(keys), *keys, *words)
        except NoScriptError:
            answer = self._redis.eval(append.SCRIPT, len(keys), *keys, *words)
        return append.parse(answer)

    @staticmethod
    def _queue_append(pipeline: Pipeline, event: Envelope) -> None:
        # Never "full": an attempt that is in force without its first words would be stuck for good.
        keys, words = _append_words(event, None, [], 2 * append.MOST_ENTRIES)
        pipeline.eval(append.SCRIPT, len(keys), *keys, *words)


def _append_words(
    event: Envelope, blob: bytes | None, more_keys: list[str], most_entries: int
) -> tuple[list[str], list[str | int | bytes]]:
    keys = [names.EVENTS, names.attempt_key(event.run), names.sequence_key(event.run), *more_keys]
    fields = [part for pair in to_fields(event, blob).items() for part in pair]
    return keys, [event.attempt, event.source, event.seq, most_entries, *fields]
