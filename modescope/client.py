"""The Python client: everything that the REST API does for runs, with the contract's own models.

For example::

    with Client.find() as client:
        run = client.launch("ring-collapse", {"steps": 2000})
        for event in client.stream(run.id, after=run.cursor):
            ...
"""

import itertools
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

from contract.components import Catalogue
from contract.events import CommandName, Envelope
from contract.knobs import KnobValue
from contract.ramps import Shape, takes_time
from contract.retention import Keep, Prunable
from contract.runs import Accepted, Checkpoint, LedgerItem, Run, ScalarSeries, SeriesState, Twins, WorkerInfo
from contract.sweeps import AxisRange, CreateSweep, Sweep, SweepStop, SweepSummary
from modescope.connection import Connection
from modescope.datafolder import DataFolder
from modescope.settings import ClientSettings, read

DEFAULT_URL = "http://127.0.0.1:8000"


class Client:
    """A signed-in connection to one server. Use it in a `with`, or close it."""

    def __init__(
        self, url: str, token: str, *, author: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        if author is not None:
            headers["X-Modescope-Author"] = author
        self._connection = Connection(url, headers, transport)

    @classmethod
    def find(cls, *, author: str | None = None) -> Self:
        """The server of this machine: MODESCOPE_URL and MODESCOPE_TOKEN, else what the data folder says.

        Raises:
            UnusableDataFolder: if there is no token in the environment and none in the data folder.
            BadSettings: if a variable has a value that cannot work.
        """
        settings = read(ClientSettings)
        folder = DataFolder(settings.data)
        token = settings.token.get_secret_value() if settings.token else folder.kept_token()
        holder = folder.holder()
        return cls(settings.url or (holder.url if holder else DEFAULT_URL), token, author=author)

    @property
    def url(self) -> str:
        """Address of the server, which is the page's too."""
        return self._connection.url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._connection.close()

    def catalogue(self) -> Catalogue:
        """What the workers can run: components with their params as JSON schema, and recipes."""
        return Catalogue.model_validate_json(self._connection.get("/catalogue"))

    def launch(
        self,
        recipe: str | None = None,
        overrides: Mapping[str, Any] | None = None,  # Any: JSON
        *,
        spec: Mapping[str, Any] | None = None,  # Any: JSON
        name: str | None = None,
    ) -> Run:
        """Start a run from a recipe with overrides, or from a whole spec.

        Args:
            recipe: name of a recipe of the catalogue.
            overrides: merged deeply into the recipe's spec.
            spec: instead of a recipe, the whole spec.
            name: what people call the run.

        Returns:
            The run, queued.
        """
        asked = {"recipe": recipe, "overrides": dict(overrides or {})} if spec is None else {"spec": dict(spec)}
        body = asked if name is None else {**asked, "name": name}
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return Run.model_validate_json(self._connection.call("POST", "/runs", json=body, headers=headers))

    def fork(
        self,
        run: str,
        checkpoint_step: int,
        knobs: Mapping[str, KnobValue] | None = None,
        overrides: Mapping[str, Any] | None = None,  # Any: JSON
        *,
        name: str | None = None,
    ) -> Run:
        """Start a run that goes on from a checkpoint of another one.

        Args:
            run: the parent.
            checkpoint_step: step of one of its checkpoints.
            knobs: set at the fork's first step; all others are as they were.
            overrides: merged deeply into the parent's spec.
            name: what people call the fork.

        Returns:
            The fork, queued.
        """
        body = {"checkpoint_step": checkpoint_step, "knobs": dict(knobs or {}), "overrides": dict(overrides or {})}
        body |= {} if name is None else {"name": name}
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        return Run.model_validate_json(self._connection.call("POST", f"/runs/{run}/forks", json=body, headers=headers))

    def sweep(
        self,
        recipe: str | None = None,
        axes: Mapping[str, Sequence[Any] | AxisRange] | None = None,  # Any: JSON
        overrides: Mapping[str, Any] | None = None,  # Any: JSON
        *,
        spec: Mapping[str, Any] | None = None,  # Any: JSON
        seeds: Sequence[int] = (),
        name: str | None = None,
    ) -> Sweep:
        """Start a run for each combination of the axes' values.

        Args:
            recipe: name of a recipe of the catalogue.
            axes: place in the spec, or a knob's name → its values, or a range of them.
            overrides: merged deeply into the spec.
            spec: instead of a recipe, the whole spec.
            seeds: one more axis.
            name: what people call the sweep.

        Returns:
            The sweep, its runs queued.
        """
        body = CreateSweep.model_validate(
            {"spec": spec, "recipe": recipe, "overrides": overrides or {}, "seeds": seeds, "name": name}
            | {
                "axes": {
                    axis: values if isinstance(values, AxisRange) else list(values)
                    for axis, values in (axes or {}).items()
                }
            }
        )
        headers = {"Idempotency-Key": secrets.token_hex(16)}
        asked = body.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return Sweep.model_validate_json(self._connection.call("POST", "/sweeps", json=asked, headers=headers))

    def sweeps(self, *, limit: int | None = None) -> Iterator[SweepSummary]:
        """The sweeps, newest first, at most so many; further pages are fetched as needed."""
        items = self._connection.items("/sweeps", limit=str(min(limit or 100, 100)))
        return (SweepSummary.model_validate(item) for item in itertools.islice(items, limit))

    def compared(self, sweep: str) -> Sweep:
        """One sweep as it is now: each run with its values, state and last measurements."""
        return Sweep.model_validate_json(self._connection.get(f"/sweeps/{sweep}"))

    def stop_sweep(self, sweep: str, *, reason: str | None = None) -> SweepStop:
        """Ask every run of a sweep that has not ended to stop; their outcomes come as events."""
        headers = {} if reason is None else {"X-Modescope-Reason": reason}
        return SweepStop.model_validate_json(self._connection.call("POST", f"/sweeps/{sweep}/stop", headers=headers))

    def runs(self, *, status: str | None = None, sweep: str | None = None, limit: int | None = None) -> Iterator[Run]:
        """The runs, newest first.

        Args:
            status: only those in this state.
            sweep: only those of this sweep.
            limit: at most so many; None is all.

        Returns:
            One run after the other; further pages are fetched as needed.
        """
        wanted = {"status": status, "sweep": sweep}
        asked = {"limit": str(min(limit or 100, 100))} | {key: by for key, by in wanted.items() if by is not None}
        items = self._connection.items("/runs", **asked)
        return (Run.model_validate(item) for item in itertools.islice(items, limit))

    def run(self, run: str) -> Run:
        """One run as it is now."""
        return Run.model_validate_json(self._connection.get(f"/runs/{run}"))

    def delete(self, run: str) -> None:
        """Delete a run that is not active, with all that is recorded of it."""
        self._connection.call("DELETE", f"/runs/{run}")

    def set(
        self,
        run: str,
        knobs: Mapping[str, KnobValue],
        *,
        over: int = 1,
        shape: Shape = "linear",
        reason: str | None = None,
    ) -> Accepted:
        """Ask for new values of knobs; all apply at one step boundary. The outcome comes as an event.

        Args:
            run: which.
            knobs: name → value.
            over: steps over which they move to their values; 1: at once.
            shape: how they move.
            reason: for the ledger.
        """
        headers = {} if reason is None else {"X-Modescope-Reason": reason}
        way = {"over": over, "shape": shape}
        body = {name: {"to": to, **way} if takes_time(over, shape) else to for name, to in knobs.items()}
        return Accepted.model_validate_json(
            self._connection.call("PATCH", f"/runs/{run}/knobs", json=body, headers=headers)
        )

    def command(
        self, run: str, command: CommandName, *, reason: str | None = None, **params: Any
    ) -> Accepted:  # Any: JSON
        """Give a command; the outcome comes as an event."""
        body = {"command": command, "params": params} | ({} if reason is None else {"reason": reason})
        return Accepted.model_validate_json(self._connection.call("POST", f"/runs/{run}/commands", json=body))

    def twins(self, run: str, request: str, *, noise: int = 2) -> Twins:
        """Launch what the run would be without the changes of one request, and such runs with other seeds."""
        body = {"request_id": request, "noise": noise}
        return Twins.model_validate_json(self._connection.call("POST", f"/runs/{run}/twins", json=body))

    def prunable(self, keep: Keep) -> Prunable:
        """What would be deleted of ended runs."""
        body = keep.model_dump(exclude_none=True)
        return Prunable.model_validate_json(self._connection.call("POST", "/retention/preview", json=body))

    def prune(self, keep: Keep) -> Prunable:
        """Delete it; look at `prunable` first."""
        body = keep.model_dump(exclude_none=True)
        return Prunable.model_validate_json(self._connection.call("POST", "/retention/prune", json=body))

    def export(self, run: str, form: str) -> bytes:
        """The run as a file: `yaml`, the spec that repeats it; `csv`, scalars; `jsonl`, events; `html`, its page."""
        return self._connection.get(f"/runs/{run}/export", format=form)

    def ledger(self, run: str) -> list[LedgerItem]:
        """Who asked for what, and what became of it."""
        return [LedgerItem.model_validate(item) for item in self._connection.items(f"/runs/{run}/ledger")]

    def series(self, run: str) -> list[SeriesState]:
        """The run's series with their last measurements."""
        return [SeriesState.model_validate(item) for item in self._connection.items(f"/runs/{run}/series")]

    def scalars(
        self, run: str, name: str, *, first: int | None = None, last: int | None = None, buckets: int = 1000
    ) -> ScalarSeries:
        """A scalar series from step `first` to step `last` in at most so many buckets."""
        asked = {"from": first, "to": last, "buckets": buckets}
        given = {key: value for key, value in asked.items() if value is not None}
        return ScalarSeries.model_validate_json(self._connection.get(f"/runs/{run}/series/{name}", **given))

    def checkpoints(self, run: str) -> list[Checkpoint]:
        """The checkpoints that exist."""
        return [Checkpoint.model_validate(item) for item in self._connection.items(f"/runs/{run}/checkpoints")]

    def download_checkpoint(self, run: str, step: int, to: Path) -> None:
        """Write a checkpoint's file (safetensors) to a path of this machine."""
        to.write_bytes(self._connection.get(f"/runs/{run}/checkpoints/{step}/file"))

    def workers(self) -> list[WorkerInfo]:
        """The workers that are online."""
        return [WorkerInfo.model_validate(item) for item in self._connection.items("/workers")]

    def stream(self, *runs: str, after: str | None = None, within_s: float | None = None) -> Iterator[Envelope]:
        """The events of some runs as they come; a broken connection is taken up again without gap or double.

        Args:
            *runs: ids.
            after: cursor to go on from: a run's `cursor`, or the id of the last event one has. None: from now on.
            within_s: stop after this time; None: never.

        Returns:
            Each event once, in order of arrival.

        Raises:
            StreamReset: if the events after the cursor are not kept any more.
            NotReachable: if the server is away for a minute.
        """
        return self._connection.stream(runs, after, within_s)
