"""Why a queued run waits, in words for a person."""

from collections.abc import Iterable, Sequence

from redis.exceptions import RedisError

from api.redis_store.store import RedisStore
from api.specs import START_A_WORKER
from contract.names import task_id
from contract.runs import Run, WorkerInfo


def explain(redis: RedisStore, runs: Iterable[Run]) -> None:
    """Give each queued run of these its reason. When Redis is away they keep the one that they have."""
    queued = [run for run in runs if run.status == "queued"]
    if not queued:
        return
    try:
        workers, line = redis.workers(), redis.queued_tasks()
    except RedisError:
        return
    for run in queued:
        why = _why(run, workers, line)
        run.reason = f"{why} (queued again: {run.reason})" if run.reason and run.attempt > 1 else why


def _why(run: Run, workers: Sequence[WorkerInfo], line: Sequence[str]) -> str:
    if not workers:
        return f"no worker is online: {START_A_WORKER}"
    task = task_id(run.id, run.attempt)
    if task not in line:
        return "a worker is about to take it"
    ahead = line.index(task)
    if ahead:
        return f"{ahead} {'run' if ahead == 1 else 'runs'} ahead in the queue"
    free = sum(slot.run is None for worker in workers for slot in worker.slots)
    return "a worker is about to take it" if free else "every slot is busy; it is the next in the queue"
