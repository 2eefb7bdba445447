"""From the loop to the log without the loop waiting: it appends, a thread collects, encodes and delivers.

Tensors stay on their device until the thread fetches a whole batch of them at once, every 100 ms.
"""

import io
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import groupby
from typing import Protocol

import torch
from PIL import Image
from torch import Tensor

from contract.events import Blob, Body, Envelope, Grid, ScalarGroup, Scalars
from worker.monitors import SampleGrid

INTERVAL_S = 0.1
Value = Tensor | float
Delivery = Sequence[tuple[Envelope, bytes | None]]


class Reporter(Protocol):
    """What the loop reports to; a list will do in a test or a notebook."""

    def scalars(self, step: int, values: Mapping[str, Value]) -> None:
        """Series name → number, or 0-d tensor still on its device. Must not be changed afterwards."""

    def say(self, step: int, body: Body) -> None:
        """An event other than scalars."""

    def grid(self, step: int, grid: SampleGrid) -> None:
        """A picture of samples."""


_Row = tuple[int, Mapping[str, Value]]


@dataclass(frozen=True)
class _Spoken:
    step: int
    time: float
    body: Body | SampleGrid


class LogReporter:
    """Numbers what it is given, encodes it, and hands it on in order, from a thread of its own."""

    def __init__(
        self,
        run: str,
        attempt: int,
        deliver: Callable[[Delivery], None],
        on_failure: Callable[[Exception], None],
    ) -> None:
        self._run = run
        self._attempt = attempt
        self._deliver = deliver
        self._on_failure = on_failure
        self._queue: deque[_Row | _Spoken] = deque()
        """Everything in the order in which the loop said it: a state never overtakes the steps around it."""
        self._seq = 0
        self._wake = threading.Event()
        self._closing = False
        self._thread = threading.Thread(target=self._work, name="reporter", daemon=True)
        self._thread.start()

    def scalars(self, step: int, values: Mapping[str, Value]) -> None:
        """One append: all that reporting costs the loop."""
        self._queue.append((step, values))

    def say(self, step: int, body: Body) -> None:
        """Sent at once, in its place among the scalars."""
        self._queue.append(_Spoken(step, time.time(), body))
        self._wake.set()

    def grid(self, step: int, grid: SampleGrid) -> None:
        """Encoded as PNG by the thread."""
        self._queue.append(_Spoken(step, time.time(), grid))

    def close(self) -> None:
        """Deliver what is left and end the thread."""
        self._closing = True
        self._wake.set()
        self._thread.join()

    def _work(self) -> None:
        closing = False
        while not closing:
            self._wake.wait(INTERVAL_S)
            self._wake.clear()
            closing = self._closing
            try:
                batch = self._collect()
                if batch:
                    self._deliver(batch)
            except Exception as error:  # noqa: BLE001  # the thread's border: whatever it is, the trainer must hear of it
                self._on_failure(error)
                return

    def _collect(self) -> list[tuple[Envelope, bytes | None]]:
        queued = [self._queue.popleft() for _ in range(len(self._queue))]
        batch: list[tuple[Envelope, bytes | None]] = []
        rows: list[_Row] = []
        for said in queued:
            if isinstance(said, tuple):
                rows.append(said)
                continue
            batch += self._columns(rows)
            batch.append(self._encode(said))
            rows = []
        return batch + self._columns(rows)

    def _columns(self, rows: Sequence[_Row]) -> list[tuple[Envelope, bytes | None]]:
        return [(self._envelope(rows[-1][0], time.time(), group_scalars(rows)), None)] if rows else []

    def _encode(self, said: _Spoken) -> tuple[Envelope, bytes | None]:
        if isinstance(said.body, Body):
            return self._envelope(said.step, said.time, said.body), None
        body, png = draw_grid(said.body)
        blob = Blob(sha256=sha256(png).hexdigest(), media_type="image/png", size_bytes=len(png))
        return self._envelope(said.step, said.time, body, blob), png

    def _envelope(self, step: int, at: float, body: Body, blob: Blob | None = None) -> Envelope:
        self._seq += 1
        return Envelope.model_construct(
            run=self._run,
            attempt=self._attempt,
            source="trainer",
            seq=self._seq,
            step=step,
            time=at,
            kind=body.kind,
            body=body.model_dump(),
            blob=blob,
        )


def group_scalars(rows: Sequence[_Row]) -> Scalars:
    """Rows as columns: those with the same series share one group; all tensors are fetched together."""
    fetched = iter(fetch([value for _, values in rows for value in values.values()]))
    numbers = [(step, tuple(values), [next(fetched) for _ in values]) for step, values in rows]
    numbers.sort(key=lambda row: row[1])
    groups = []
    for names, same in groupby(numbers, key=lambda row: row[1]):
        members = list(same)
        columns = zip(*(values for _, _, values in members), strict=True)
        groups.append(
            ScalarGroup.model_construct(
                steps=[step for step, _, _ in members],
                values={name: list(column) for name, column in zip(names, columns, strict=True)},
            )
        )
    return Scalars.model_construct(groups=groups)


def draw_grid(grid: SampleGrid) -> tuple[Grid, bytes]:
    """The event body and the PNG of a grid of samples in [-1, 1]; the pixels are as trained, not scaled.

    Raises:
        ValueError: if the samples do not fill the rows and columns.
    """
    n, channels, height, width = grid.samples.shape
    if n != grid.rows * grid.columns:
        raise ValueError(f"grid {grid.series!r}: {n} samples do not fill {grid.rows} rows of {grid.columns}")
    pixels = grid.samples.detach().float().clamp(-1, 1).add(1).mul(127.5).round().to(torch.uint8).cpu()
    tiled = pixels.reshape(grid.rows, grid.columns, channels, height, width).permute(0, 3, 1, 4, 2)
    picture = Image.fromarray(tiled.reshape(grid.rows * height, grid.columns * width, channels).numpy())
    out = io.BytesIO()
    picture.save(out, "PNG")
    body = Grid(
        series=grid.series,
        rows=grid.rows,
        columns=grid.columns,
        cell=[height, width],
        row_labels=grid.row_labels,
        column_labels=grid.column_labels,
    )
    return body, out.getvalue()


def fetch(values: Sequence[Value]) -> list[float]:
    """All values as floats, with one transfer a device instead of one a value: monitors may answer on the CPU."""
    numbers: dict[int, float] = {}
    by_device: dict[torch.device, dict[int, Tensor]] = {}
    for index, value in enumerate(values):
        if isinstance(value, Tensor):
            by_device.setdefault(value.device, {})[index] = value.detach().double()
        else:
            numbers[index] = float(value)
    for device, tensors in by_device.items():
        numbers.update(zip(tensors, _transfer([*tensors.values()], device), strict=True))
    return [numbers[index] for index in range(len(values))]


def _transfer(tensors: list[Tensor], device: torch.device) -> list[float]:
    if device.type != "cuda":
        numbers: list[float] = torch.stack(tensors).tolist()
        return numbers
    # On a stream of its own: the copy waits for what is queued so far, the loop's stream does not wait for the copy.
    side: torch.cuda.Stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch's own stub
    side.wait_stream(torch.cuda.default_stream(device))
    with torch.cuda.stream(side):
        for tensor in tensors:
            tensor.record_stream(side)
        numbers = torch.stack(tensors).tolist()
    return numbers
