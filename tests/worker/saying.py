"""Events as worker tests need them, and the log as it stands on the server."""

from typing import Any

from contract import names
from contract.events import Blob, Envelope, Log, Scalars, from_fields

RUN = "f00d"


def said(seq: int, *, run: str = RUN, attempt: int = 1, source: str = "trainer", **more: Any) -> Envelope:
    """A `log` event with that number."""
    body = Log(message=f"event {seq}").model_dump()
    fields: dict[str, Any] = {"step": seq * 10, "time": 1.7e9 + seq, "kind": "log", "body": body, **more}
    return Envelope(run=run, attempt=attempt, source=source, seq=seq, **fields)  # type: ignore[arg-type]


def measured(seq: int, *values: float) -> Envelope:
    """A `scalars` event with that number."""
    group = {"steps": list(range(len(values))), "values": {"loss.d": list(values)}}
    return said(seq, kind="scalars", body=Scalars.model_validate({"groups": [group]}).model_dump())


def pictured(seq: int, blob: bytes) -> tuple[Envelope, bytes]:
    """A `grid` event with its picture."""
    about = Blob(sha256="ab" * 32, media_type="image/png", size_bytes=len(blob))
    body = {"series": "samples", "rows": 1, "columns": 1, "cell": [1, 1]}
    return said(seq, kind="grid", body=body, blob=about), blob


def entries(valkey: Any) -> list[tuple[Envelope, bytes | None]]:
    """Everything in the log, oldest first."""
    with valkey.client() as client:
        raw = client.xrange(names.EVENTS)
    return [(from_fields(entry_id.decode(), fields), fields.get(b"blob")) for entry_id, fields in raw]


def numbers(valkey: Any, source: str = "trainer") -> list[int]:
    """The numbers of one source's events in the log, in the order in which they stand there."""
    return [event.seq for event, _ in entries(valkey) if event.source == source]
