"""Events that the server itself says of a run."""

import time

from contract.events import Body, Envelope
from contract.numbers import loads


def said(run: str, attempt: int, body: Body, step: int | None = None) -> Envelope:
    """An event of source `api`; the append script gives it its number."""
    return Envelope(
        run=run,
        attempt=attempt,
        source="api",
        seq=0,
        step=step,
        time=time.time(),
        kind=body.kind,
        body=loads(body.model_dump_json(exclude_none=True)),
    )
