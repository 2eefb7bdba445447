"""A run that goes on, played: what a loop of 2 ms steps would send, with its times, so that a page can be timed."""

import random
import threading
import time
from dataclasses import dataclass
from hashlib import sha256

import torch

from benchmarks._played import event
from contract.events import Blob, Body, Envelope, ScalarGroup, Scalars
from worker.monitors import SampleGrid
from worker.store import Store
from worker.training.reporter import draw_grid

EVENTS_S = 10
STEPS_AN_EVENT = 50
SERIES = ("loss.d", "loss.g", "modes.captured", "logit.real", "logit.fake", "grad_norm.d", "grad_norm.g")
GRID_EVERY = 20
"""Events between two sample grids: 1,000 steps."""


@dataclass(frozen=True)
class Sent:
    """An event that was appended."""

    at: float
    """When, Unix s."""
    value: float
    """The last of its `loss.d`: no other event has it."""


class LivePlayer(threading.Thread):
    """Sends events until it is stopped; `sent` tells which, and when."""

    def __init__(self, redis_url: str, run: str) -> None:
        super().__init__(daemon=True)
        self._store, self._run = Store(redis_url), run
        self._stopping = threading.Event()
        self._seq = 0
        self._rng = random.Random(3)
        self.sent: list[Sent] = []

    def run(self) -> None:
        """At a steady pace."""
        began = time.monotonic()
        turn = 0
        while not self._stopping.wait(max(0.0, began + turn / EVENTS_S - time.monotonic())):
            self.send()
            turn += 1

    def stop(self) -> None:
        """Ends after the event that it is at."""
        self._stopping.set()
        self.join()
        self._store.close()

    def send(self) -> None:
        """One event of scalars, and now and then a picture."""
        first = len(self.sent) * STEPS_AN_EVENT + 1
        steps = list(range(first, first + STEPS_AN_EVENT))
        values = {name: [self._rng.random() for _ in steps] for name in SERIES}
        items = [(self._next(steps[-1], Scalars(groups=[ScalarGroup(steps=steps, values=values)])), None)]
        if len(self.sent) % GRID_EVERY == 0:
            items.append(self._grid(steps[-1]))
        self._store.append_many(items)
        self.sent.append(Sent(time.time(), values["loss.d"][-1]))

    def _next(self, step: int, body: Body) -> Envelope:
        self._seq += 1
        return event(self._run, self._seq, step, body)

    def _grid(self, step: int) -> tuple[Envelope, bytes]:
        blots = torch.rand(64, 3, 7, 7, generator=torch.Generator().manual_seed(step)) * 2 - 1
        body, png = draw_grid(SampleGrid("samples", torch.nn.functional.interpolate(blots, scale_factor=4), 8, 8))
        envelope = self._next(step, body)
        blob = Blob(sha256=sha256(png).hexdigest(), media_type="image/png", size_bytes=len(png))
        return envelope.model_copy(update={"blob": blob}), png
