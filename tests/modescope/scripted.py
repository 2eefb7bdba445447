"""A scripted server: answers requests from a list, streams included, and remembers what it was asked."""

import json
import math

import httpx

from contract.events import Envelope, ScalarGroup, Scalars
from contract.numbers import dumps

RUN = {
    "id": "a1b2", "name": "ring", "status": "running", "step": 5, "steps": 100, "attempt": 1, "knobs": [],
    "spec": {"dataset": {"name": "ring"}, "network": {"name": "mlp"}, "loss": {"name": "hinge"}},
    "created_at": 1.0, "cursor": "5-0",
}  # fmt: skip


def event(number: int, body: object | None = None) -> Envelope:
    body = body or Scalars(groups=[ScalarGroup(steps=[number], values={"loss.d": [math.nan]})])
    return Envelope(
        id=f"{number}-0", run="a1b2", attempt=1, source="trainer", seq=number, step=number, time=1.0,
        kind=type(body).kind, body=json.loads(dumps(body)),
    )  # fmt: skip


def frame(number: int, body: object | None = None) -> bytes:
    one = event(number, body)
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (one.id.encode(), one.kind.encode(), dumps(one))


class Broken(httpx.SyncByteStream):
    """A body that ends in the middle, as when a server dies."""

    def __init__(self, *parts: bytes, error: Exception | None = None) -> None:
        self.parts = parts
        self.error = error

    def __iter__(self):
        yield from self.parts
        if self.error is not None:
            raise self.error


class Server:
    """Answers requests from a list, and remembers them; a function in the list answers all that follow."""

    def __init__(self, *answers: object) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[0](request) if callable(self.answers[0]) else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def stream(*parts: bytes, error: Exception | None = None) -> httpx.Response:
    return httpx.Response(200, stream=Broken(*parts, error=error))
