"""The one way into the log: a Lua script that fences, drops doubles, and says when the log is full.

KEYS  1 the log · 2 the run's attempt · 3 the run's sequence numbers · 4 (optional) the run's commands
ARGV  1 attempt · 2 source · 3 seq (0 = next) · 4 most entries the log may hold · 5… field, value, …

Answer: `{"ok", id, seq}` appended · `{"double", "", seq}` was there already · `{"fenced", attempt}` a higher
attempt is in force: the writer must end · `{"full"}` nothing was written: keep it and try again later.
`{"gap", last}`: an earlier event of this source is missing, nothing was written.

With KEYS[4] the entry goes to the run's commands in the same step, so that no request is asked but never sent.
XADD's own IDMP option does not exist on every server; a lost reply makes a client send twice; hence `seq`.
"""

from typing import Literal, NamedTuple

SCRIPT = """
local in_force = tonumber(redis.call('GET', KEYS[2]) or '0')
if tonumber(ARGV[1]) < in_force then return {'fenced', tostring(in_force)} end
local sequence = ARGV[1] .. ':' .. ARGV[2]
local last = tonumber(redis.call('HGET', KEYS[3], sequence) or '0')
local seq = tonumber(ARGV[3])
if seq == 0 then seq = last + 1 end
if seq <= last then return {'double', '', tostring(seq)} end
if seq > last + 1 then return {'gap', tostring(last)} end
if redis.call('XLEN', KEYS[1]) >= tonumber(ARGV[4]) then return {'full'} end
local entry = {'seq', tostring(seq)}
for i = 5, #ARGV do entry[#entry + 1] = ARGV[i] end
local id = redis.call('XADD', KEYS[1], '*', unpack(entry))
redis.call('HSET', KEYS[3], sequence, seq)
if KEYS[4] then redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, '*', unpack(entry)) end
return {'ok', id, tostring(seq)}
"""

MOST_ENTRIES = 200_000
"""Entries the log may hold before it answers "full". The recorder trims to 10,000; more means that it is behind."""


class Appended(NamedTuple):
    """What the script answered."""

    status: Literal["ok", "double", "fenced", "full", "gap"]
    id: str
    """Stream id when ok, else empty."""
    seq: int
    """The event's sequence number; with fenced the attempt in force; with gap the last number there."""


def parse(answer: list[bytes]) -> Appended:
    """The script's answer."""
    status, rest = answer[0].decode(), [part.decode() for part in answer[1:]]
    if status in ("ok", "double"):
        return Appended(status, rest[0], int(rest[1]))  # type: ignore[arg-type]  # one of the five by the script
    return Appended(status, "", int(rest[0]) if rest else 0)  # type: ignore[arg-type]
