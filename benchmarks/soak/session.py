"""One session: a stack, a run, its disturbances one after the other, and the accounts when it has ended."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from benchmarks._stack import Stack, small_disk, wait_until
from benchmarks.soak.accounts import Accounts, alarms_between, begun_at, settle, steps_between
from benchmarks.soak.plan import BLOWS, FULL_DISK, OUTAGE_S, OUTAGES, RECIPE, SPEC_OVERRIDES, Session
from benchmarks.soak.reference import CURVES
from benchmarks.soak.watching import Bookkeeper, Hand, Viewer
from tests.postgres import PostgresServer

PROMISED_S = 30.0
"""A run goes on within this time."""
READ_S = 15.0
PATIENCE_S = 120.0
"""How long to wait for what should have come long before."""
LAST_WORDS_S = 30.0
ENDING_AN_ATTEMPT = ("trainer", "worker", *BLOWS)
"""Without one of these a run has no trainer, and goes on in its next attempt."""
WINDOW = 10_000
"""Points of a series in one answer."""


@dataclass(frozen=True)
class Crew:
    """Who else is there while the session goes on."""

    viewer: Viewer
    hand: Hand
    bookkeeper: Bookkeeper


class Watched:
    """A run as REST shows it; None for whatever cannot be read now."""

    def __init__(self, client: httpx.Client, run: str) -> None:
        self.client = client
        self.run = run

    def now(self) -> Mapping[str, Any] | None:  # Any: JSON
        """The run now, if anybody answers."""
        found: Mapping[str, Any] | None = self._try("")
        return found

    def trains_beyond(self, step: int, *, attempt: int = 1, since: float = 0.0) -> bool:
        """Whether it is running, in that attempt or a later one, further than that step, by what it has said since."""
        found = self.now()
        if found is None or found["status"] != "running" or found["attempt"] < attempt or found["step"] <= step:
            return False
        said = self._try("/events", kind="scalars", after=f"{int(since * 1000)}-0", limit=5000) or {"items": []}
        return any(event["time"] > since for event in said["items"])

    def events(self) -> list[dict[str, Any]]:
        """All that is stored."""
        found: list[dict[str, Any]] = []
        after = "0-0"
        while after is not None:
            page = self._get("/events", after=after, limit=5000)
            found += page["items"]
            after = page["next"]
        return found

    def ledger(self) -> list[dict[str, Any]]:
        """Every request."""
        items: list[dict[str, Any]] = self._get("/ledger", limit=10_000)["items"]
        return items

    def curve(self, series: str, last: int) -> tuple[list[int], list[float]]:
        """Every point of a series up to a step, each by itself."""
        steps: list[int] = []
        values: list[float] = []
        for first in range(0, last + 1, WINDOW):
            bounds = {"from": first, "to": min(first + WINDOW - 1, last)}
            found = self._get(f"/series/{series}", buckets=WINDOW, **bounds)
            steps += found["steps"]
            values += found["last"]
        return steps, values

    def _get(self, path: str, **query: Any) -> Any:  # Any: JSON
        answer = self.client.get(f"/runs/{self.run}{path}", params=query, timeout=READ_S)
        answer.raise_for_status()
        return answer.json()

    def _try(self, path: str, **query: Any) -> Any | None:  # Any: JSON
        try:
            return self._get(path, **query)
        except httpx.HTTPError:
            return None


def measured(session: Session, folder: Path, cache: Path) -> dict[str, Any]:
    """Everything that one session found, as it is kept.

    Raises:
        RuntimeError: if the stack does not start or the run does not train.
    """
    with (
        small_disk(folder) if session.disturbances == FULL_DISK else nullcontext(),
        _postgres() if session.on_postgres else nullcontext() as postgres,
    ):
        stack = Stack(folder / "data", cache, postgres)
        stack.start()
        try:
            with stack.client() as client:
                return _disturbed(session, stack, client)
        finally:
            stack.end()


@contextmanager
def _postgres() -> Iterator[PostgresServer]:
    server = PostgresServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


def _disturbed(session: Session, stack: Stack, client: httpx.Client) -> dict[str, Any]:
    rng = random.Random(session.seed)
    watched = launched(client, RECIPE, SPEC_OVERRIDES)
    with _watching(stack, watched, rng) as crew:
        rounds = [_round(what, stack, watched, rng) for what in session.disturbances]
        crew.hand.stop()
        ended = _stopped(watched)
        accounts = _settled(watched, crew)
    events = watched.events()
    return {
        "rounds": [_completed(each, events) for each in rounds],
        "run": {"status": ended["status"], "steps": ended["step"], "attempts": ended["attempt"]},
        "accounts": accounts.line(),
        "forgotten": crew.bookkeeper.n_fallen,
        "connections": crew.viewer.n_connections,
        "resets": crew.viewer.n_resets,
        "turned_away": crew.hand.n_refused,
        **_compared(watched, ended),
        "exit_status": stack.stop(),
    }


def _settled(watched: Watched, crew: Crew) -> Accounts:
    """The accounts once nothing is missing, or some time after the run has ended: its last words are on their way."""
    deadline = time.monotonic() + LAST_WORDS_S
    while True:
        found = settle(watched.events(), crew.bookkeeper.sent, crew.viewer.seen, crew.hand.accepted)
        if found.is_clean or time.monotonic() > deadline:
            return found
        time.sleep(0.5)


def launched(client: httpx.Client, recipe: str, overrides: Mapping[str, Any]) -> Watched:
    """A run that trains.

    Raises:
        RuntimeError: if it does not.
    """
    answer = client.post("/runs", json={"recipe": recipe, "overrides": overrides})
    answer.raise_for_status()
    watched = Watched(client, answer.json()["id"])
    if not wait_until(lambda: watched.trains_beyond(100), PATIENCE_S):
        raise RuntimeError(f"the run does not train: {watched.now()}")
    return watched


@contextmanager
def _watching(stack: Stack, watched: Watched, rng: random.Random) -> Iterator[Crew]:
    with stack.client() as viewing, stack.client() as turning:
        crew = Crew(
            Viewer(viewing, watched.run, random.Random(rng.random())),
            Hand(turning, watched.run, random.Random(rng.random())),
            Bookkeeper(stack.redis_url, watched.run),
        )
        try:
            yield crew
        finally:
            for one in (crew.viewer, crew.hand, crew.bookkeeper):
                one.stop()


def _round(what: str, stack: Stack, watched: Watched, rng: random.Random) -> dict[str, Any]:
    """Disturb once, at a random moment, and wait until the run is further than it was."""
    time.sleep(
        rng.uniform(0.5, 5.0) + (OUTAGE_S if what in OUTAGES else 0)
    )  # an outage is compared with what was before
    before = watched.now() or {"step": 0, "attempt": 1}
    step, attempt = before["step"], before["attempt"] + (what in ENDING_AN_ATTEMPT)
    began, clock = time.time(), time.monotonic()
    about = _disturb(what, stack, watched.run)
    over, since = time.time(), time.monotonic()
    came_back = wait_until(lambda: watched.trains_beyond(step, attempt=attempt, since=over), PATIENCE_S)
    on_s = time.monotonic() - since
    print(f"  {what} at step {step}: " + (f"on after {on_s:.1f} s" if came_back else "NOT ON"), flush=True)
    return {
        "what": what, "step": step, "went_on": came_back, "on_s": round(on_s, 2),
        "began": began, "over": over, "lasted_s": round(since - clock, 2), "attempt": attempt, **about,
    }  # fmt: skip


def _disturb(what: str, stack: Stack, run: str) -> dict[str, int]:
    """Do it; answers what is to be known of it besides."""
    match what:
        case "redis held":
            stack.hold(["redis"], OUTAGE_S)
        case "sql locked":
            stack.lock_sql(OUTAGE_S)
        case "postgresql restarted":
            stack.restart_postgres()
        case "disk full":
            stack.fill_disk(OUTAGE_S)
        case "worker held":
            stack.hold(["worker", "trainer"], OUTAGE_S)
        case "checkpoint cut":
            return {"cut_step": stack.cut_checkpoint(run)}
        case _:
            stack.kill(what)
    return {}


def _completed(found: dict[str, Any], events: list[dict[str, Any]]) -> dict[str, Any]:
    """What only the events tell: where the next attempt began; of an outage, the steps meanwhile and before."""
    began, over, attempt = found.pop("began"), found.pop("over"), found.pop("attempt")
    if found["what"] in ENDING_AN_ATTEMPT:
        found["from_step"] = begun_at(events, attempt)
    if found["what"] in FULL_DISK:
        found["alarms"] = alarms_between(events, began, over)
    if found["what"] not in OUTAGES:
        return found
    meanwhile = steps_between(events, began, over)
    return found | {"steps_meanwhile": meanwhile, "steps_before": steps_between(events, 2 * began - over, began)}


def _stopped(watched: Watched) -> Mapping[str, Any]:
    """The run once it has ended and everything that it said is recorded.

    Raises:
        RuntimeError: if it does not end.
    """
    watched.client.post(f"/runs/{watched.run}/commands", json={"command": "stop"}).raise_for_status()
    ended: list[Mapping[str, Any]] = []

    def has_ended() -> bool:
        found = watched.now()
        if found is not None and found["status"] in ("stopped", "failed", "finished"):
            ended.append(found)
        return bool(ended) and all(item["outcome"] for item in watched.ledger())

    if not wait_until(has_ended, PATIENCE_S):
        raise RuntimeError(f"the run does not end: {watched.now()}")
    return ended[-1]


def _compared(watched: Watched, ended: Mapping[str, Any]) -> dict[str, Any]:
    """Of each curve: how many steps have another value than in the undisturbed run, and how many are absent."""
    changes = [item for item in watched.ledger() if item["kind"] == "knob" and item["outcome"] == "applied"]
    job = {
        "spec": ended["spec"],
        "step": ended["step"],
        "changes": [{"step": item["step"], "name": item["name"], "value": item["new"]} for item in changes],
    }
    command = [sys.executable, "-m", "benchmarks.soak.reference"]
    undisturbed = json.loads(
        subprocess.run(command, input=json.dumps(job), stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    differing, absent = {}, {}
    for name in CURVES:
        steps, values = watched.curve(name, ended["step"])
        theirs = [undisturbed[name][step - 1] for step in steps if step > 0]
        differing[name] = sum(one != other for one, other in zip(values, theirs, strict=True))
        absent[name] = ended["step"] - len(steps)
    return {"curves": differing, "absent": absent}
