"""Who else is there while processes are killed: a viewer that reconnects, somebody who turns knobs, a bookkeeper.

Each is a thread that goes on through everything, and keeps its own account of what it was told.
"""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import httpx
import redis

from benchmarks.soak.accounts import Writer
from contract.names import sequence_key
from modescope.sse import frames

LEARNING_RATES = (5e-5, 1e-4, 2e-4, 4e-4)


class _Thread:
    """Does something again and again until it is told to stop."""

    def __init__(self, what: Callable[[], None]) -> None:
        self._stop = threading.Event()
        self._what = what
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End, and wait for it."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._what()

    def _wait(self, seconds: float) -> None:
        self._stop.wait(seconds)


class Viewer(_Thread):
    """A browser on a bad line: reads the run's stream, breaks off at random, goes on after the last event it has."""

    def __init__(self, client: httpx.Client, run: str, rng: random.Random) -> None:
        self.seen: Counter[str] = Counter()
        """Id of an event → how often it came."""
        self.n_connections = 0
        self.n_resets = 0
        self._client, self._run_id, self._rng = client, run, rng
        self._last = "0-0"
        super().__init__(self._connect)

    def _connect(self) -> None:
        until = time.monotonic() + self._rng.uniform(0.05, 1.0)
        headers = {"Last-Event-ID": self._last}
        try:
            with self._client.stream("GET", "/events", params={"runs": self._run_id}, headers=headers) as answer:
                if answer.status_code == httpx.codes.OK:
                    self.n_connections += 1
                    self._read(answer, until)
        except httpx.TransportError:  # the api is away, or was killed: connect again
            pass
        self._wait(0.02)

    def _read(self, answer: httpx.Response, until: float) -> None:
        for frame in frames(answer.iter_lines()):
            if frame is not None and frame.id is not None:
                self._last = frame.id
                self.n_resets += frame.event == "reset"
                if frame.event != "reset":
                    self.seen[frame.id] += 1
            if time.monotonic() > until or self._stop.is_set():
                return


class Hand(_Thread):
    """Somebody who turns a knob about every second, and notes what was accepted."""

    def __init__(self, client: httpx.Client, run: str, rng: random.Random) -> None:
        self.accepted: list[str] = []
        """Ids of the requests that were answered with 202."""
        self.n_refused = 0
        """Requests that nobody answered, or that were refused because something was away."""
        self._client, self._run_id, self._rng = client, run, rng
        super().__init__(self._turn)

    def _turn(self) -> None:
        wanted = {f"optimiser.{self._rng.choice('dg')}.lr": self._rng.choice(LEARNING_RATES)}
        try:
            answer = self._client.patch(f"/runs/{self._run_id}/knobs", json=wanted)
        except httpx.TransportError:
            self.n_refused += 1
        else:
            if answer.status_code == httpx.codes.ACCEPTED:
                self.accepted.append(answer.json()["request_id"])
            else:
                self.n_refused += 1
        self._wait(self._rng.uniform(0.3, 1.5))


class Bookkeeper(_Thread):
    """Asks Redis which number of each writer it has acknowledged, ten times a second; a number that falls is a loss."""

    def __init__(self, redis_url: str, run: str) -> None:
        self.sent: dict[Writer, int] = {}
        """Attempt and source → the highest number that Redis has ever had of it."""
        self.n_fallen = 0
        """Times that a number was lower than before: Redis had forgotten what it had acknowledged."""
        self._redis = redis.Redis.from_url(redis_url, socket_timeout=1, retry=None, protocol=2)
        self._key = sequence_key(run)
        super().__init__(self.look)

    def look(self) -> None:
        """Look once."""
        try:
            numbers = self._redis.hgetall(self._key)
        except redis.exceptions.RedisError:
            numbers = {}
        for field, number in numbers.items():
            attempt, _, source = field.decode().partition(":")
            writer = (int(attempt), source)
            self.n_fallen += int(number) < self.sent.get(writer, 0)
            self.sent[writer] = max(self.sent.get(writer, 0), int(number))
        self._wait(0.1)
