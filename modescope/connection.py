"""One signed-in connection to a server: requests, lists page after page, and a stream that survives breaks."""

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
from pydantic import ValidationError

from contract.events import Envelope
from contract.runs import Problem
from modescope.sse import frames

SILENCE_S = 45.0
"""The server pings every 15 s: after three pings unheard the connection is dead."""
PATIENCE_S = 60.0
"""A server that restarts is back in far less."""
RECONNECT_S = 0.5


class ServerError(RuntimeError):
    """The server refused, and said why."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        lines = [f"{error.get('where', '')}: {error.get('message', '')}" for error in problem.errors]
        more = [line for line in lines if line.partition(": ")[2] not in problem.detail]
        super().__init__("\n  ".join([problem.detail, *more]))


class NotReachable(ConnectionError):
    """Nobody answers at the server's address."""


class StreamReset(RuntimeError):
    """The events after the given cursor are not kept any more: read the run again and stream from its cursor."""


class Connection:
    """HTTP to one server, with its errors as exceptions that say what to do."""

    def __init__(self, url: str, headers: dict[str, str], transport: httpx.BaseTransport | None) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers=headers,
            timeout=30,
            transport=transport or httpx.HTTPTransport(retries=1),
        )

    def close(self) -> None:
        """Close the sockets."""
        self._http.close()

    def call(self, method: str, path: str, **options: Any) -> bytes:  # Any: httpx's own options
        """The body of the answer.

        Raises:
            NotReachable: if nobody answers.
            ServerError: if the server refuses.
        """
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise NotReachable(self._unreachable(error)) from error
        _check(answer)
        return answer.content

    def get(self, path: str, **params: str | float) -> bytes:
        """The body of what is there."""
        return self.call("GET", path, params=params)

    def items(self, path: str, **params: str | float) -> Iterator[dict[str, Any]]:  # Any: JSON
        """The items of a list; further pages are fetched as they are needed."""
        cursor: str | None = None
        while True:
            page = json.loads(self.get(path, **params, **({} if cursor is None else {"after": cursor})))
            yield from page["items"]
            cursor = page.get("next")
            if cursor is None:
                return

    def stream(self, runs: tuple[str, ...], after: str | None, within_s: float | None) -> Iterator[Envelope]:
        """The events of some runs as they come, each once; a broken connection is taken up again after the last one.

        Raises:
            NotReachable: if the server is away for a minute.
        """
        deadline = None if within_s is None else time.monotonic() + within_s
        heard = time.monotonic()
        while deadline is None or time.monotonic() < deadline:
            try:
                for event in self._until_it_breaks(runs, after, deadline):
                    after, heard = event.id, time.monotonic()
                    yield event
            except httpx.TransportError as error:
                if time.monotonic() - heard > PATIENCE_S:
                    raise NotReachable(self._unreachable(error)) from error
            time.sleep(RECONNECT_S if deadline is None else max(0.0, min(RECONNECT_S, deadline - time.monotonic())))

    def _until_it_breaks(self, runs: tuple[str, ...], after: str | None, deadline: float | None) -> Iterator[Envelope]:
        """The events of one connection, until it breaks, the server asks for a new one, or the time is over.

        Raises:
            StreamReset: if the events after the cursor are not kept any more.
        """
        asked = {"runs": ",".join(runs)} | ({} if after is None else {"after": after})
        headers = {"Accept": "text/event-stream"} | ({} if after is None else {"Last-Event-ID": after})
        silence_s = SILENCE_S if deadline is None else max(0.05, min(SILENCE_S, deadline - time.monotonic()))
        timeout = httpx.Timeout(10, read=silence_s)
        with self._http.stream("GET", "/events", params=asked, headers=headers, timeout=timeout) as answer:
            _check(answer)
            for frame in frames(answer.iter_lines()):
                if frame is not None and frame.event == "reset":
                    raise StreamReset(f"the events after {after} are not kept any more: read the run again")
                if frame is not None and frame.event == "resync":
                    return
                if frame is not None:
                    yield Envelope.model_validate_json(frame.data)
                if deadline is not None and time.monotonic() > deadline:
                    return

    def _unreachable(self, error: httpx.TransportError) -> str:
        return (
            f"no server answers at {self.url} ({type(error).__name__}: {error}); "
            "start one with `modescope up`, or set MODESCOPE_URL and MODESCOPE_TOKEN"
        )


def _check(answer: httpx.Response) -> None:
    """Nothing, when the server agreed.

    Raises:
        ServerError: with the answer's problem document, or one made of its text when a proxy answered.
    """
    if answer.is_success:
        return
    answer.read()
    try:
        problem = Problem.model_validate_json(answer.content)
    except ValidationError:
        title = f"{answer.status_code} {answer.reason_phrase}"
        detail = f"{answer.request.method} {answer.request.url} answered {title}: {answer.text[:500]}"
        problem = Problem(title=title, status=answer.status_code, detail=detail, code="unknown")
    raise ServerError(problem)
