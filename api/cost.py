"""What a run will cost: by the speeds that SQL has of earlier runs like it, on the device where it would train."""

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from api.backend import Backend
from api.tables import CheckpointRow, RunRow, SeriesRow
from contract.checking import Estimate
from contract.numbers import loads, number
from contract.spec import RunSpec

LOOKED_AT = 300
"""Newest runs that are compared, which takes some milliseconds; older ones are of an older machine anyway."""
LEAST_STEPS = 20
"""Below that a speed says more of the start than of the run."""
SPEED = "speed.steps_per_s"
CPU = "cpu"


@dataclass(frozen=True)
class _Seen:
    """An earlier run, and how fast it was."""

    id: str
    spec: Mapping[str, Any]  # Any: JSON
    device: str
    steps_per_s: float


def estimate(backend: Backend, spec: RunSpec) -> Estimate:
    """How long a run of the spec will take, or that nothing like it was seen."""
    wants_gpu = _wants_gpu(backend, spec)
    with backend.database.read() as session:
        seen = _seen(session, wants_gpu=wants_gpu)
        asked = spec.model_dump(mode="json", by_alias=True)
        for likeness, basis in LIKENESSES:
            alike = [run for run in seen if likeness(run.spec) == likeness(asked)]
            if alike:
                newest = [run for run in alike if run.device == alike[0].device]
                return _of(newest, spec.steps, basis, _largest_checkpoint(session, [run.id for run in newest]))
    return Estimate(device="GPU" if wants_gpu else CPU, n_runs=0, basis="no run like this was seen on this device yet")


def _of(seen: Sequence[_Seen], steps: int, basis: str, checkpoint_bytes: int | None) -> Estimate:
    speeds = [run.steps_per_s for run in seen]
    median = statistics.median(speeds)
    return Estimate(
        device=seen[0].device,
        n_runs=len(speeds),
        basis=basis,
        steps_per_s=median,
        low_per_s=min(speeds),
        high_per_s=max(speeds),
        seconds=steps / median,
        checkpoint_bytes=checkpoint_bytes,
    )


def _wants_gpu(backend: Backend, spec: RunSpec) -> bool:
    """Whether it would train on a GPU: one that is asked for, or, as `auto` has it, one that some worker has."""
    if spec.device != "auto":
        return spec.device == "cuda"
    try:
        workers = backend.redis.workers()
    except RedisError:
        return False
    return any(slot.device.startswith("cuda") for worker in workers for slot in worker.slots)


def _seen(session: Session, *, wants_gpu: bool) -> list[_Seen]:
    """The newest runs on such a device, newest first."""
    on_device = (RunRow.device != CPU) if wants_gpu else (RunRow.device == CPU)
    query = (
        select(RunRow.id, RunRow.spec, RunRow.device, SeriesRow.last)
        .join(SeriesRow, (SeriesRow.run == RunRow.id) & (SeriesRow.name == SPEED))
        .where(on_device, RunRow.step >= LEAST_STEPS, SeriesRow.last.is_not(None))
        .order_by(RunRow.created_at.desc())
        .limit(LOOKED_AT)
    )
    found = [(row.id, row.spec, row.device, number(loads(row.last))) for row in session.execute(query)]
    return [
        _Seen(run, loads(spec), device, speed)
        for run, spec, device, speed in found
        if math.isfinite(speed) and speed > 0
    ]


def _largest_checkpoint(session: Session, ids: Sequence[str]) -> int | None:
    query = select(func.max(CheckpointRow.size_bytes)).where(CheckpointRow.run.in_(ids))
    return session.execute(query).scalar_one_or_none()


def _work(spec: Mapping[str, Any]) -> Any:  # Any: JSON
    """What decides most of a step's time: pictures, networks, batch."""
    size = {"name": spec["dataset"]["name"], "size": spec["dataset"].get("size")}
    return [size, spec["network"], spec["batch"], spec["game"]["d_steps"]]


def _whole_work(spec: Mapping[str, Any]) -> Any:  # Any: JSON
    """The rest that takes time in a step: how labels enter, penalties, optimisers, and what is looked at."""
    lists = [[each["name"] for each in spec.get(part) or ()] for part in ("regularisers", "monitors")]
    every = [each.get("every") for each in spec["regularisers"]]
    optimisers = [spec["optimisers"][player]["name"] for player in sorted(spec["optimisers"])]
    return [_work(spec), spec["conditioning"]["name"], *lists, every, optimisers]


LIKENESSES = (
    (_whole_work, "with the same data, networks, batch, regularisers and monitors"),
    (_work, "with the same data, networks and batch, though other regularisers or monitors"),
)
"""From the nearest on: what two specs must have in common, and how that is said."""
